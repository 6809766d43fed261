package io.gantry.cli;

import io.gantry.copy.Connector;
import io.gantry.initiator.ChapEnvironment;
import io.gantry.initiator.IscsiSession;
import io.gantry.initiator.IscsiUrl;
import io.gantry.initiator.SessionOptions;
import io.gantry.iscsi.ChapUser;
import io.gantry.scsi.ScsiDevice;
import io.gantry.server.DaemonContact;
import io.gantry.server.DaemonSettings;
import io.gantry.store.FileMedium;
import io.gantry.store.Pool;
import io.gantry.store.PoolOptions;
import io.gantry.store.Volume;
import io.gantry.target.PoolTarget;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Opens logical units. Two volumes of one pool share the pool, which is closed at the end. */
final class Devices implements AutoCloseable {
  private static final String IN_PROCESS = "iqn.2026-11.io.gantry:in-process,i,0x000000000000";

  private final Map<Path, OpenPool> pools = new HashMap<>();

  private record OpenPool(Pool pool, PoolTarget target) {}

  /**
   * Opens a logical unit.
   *
   * @throws Failure if it is a file, or cannot be reached
   */
  ScsiDevice open(Location location) throws IOException {
    return switch (location) {
      case Location.Iscsi(IscsiUrl url, _) -> first(connector(url));
      case Location.PoolVolume(Path directory, String name, _) -> inProcess(directory, name);
      case Location.File(_, String name) ->
          throw new Failure(
              name + ": is a file; name a logical unit: iscsi://HOST:PORT/TARGET/LUN");
    };
  }

  /** Logs in, with the credentials of the URL or the environment. */
  static IscsiSession open(IscsiUrl url) throws IOException {
    return IscsiSession.open(url, options(url));
  }

  /**
   * Logs in again and again, always as the same initiator port: so a target ends what is left of
   * one session before it lets in the next (RFC 7143 6.3.5), and no write that was on its way comes
   * late.
   */
  static Connector connector(IscsiUrl url) throws IOException {
    SessionOptions options = options(url);
    return () -> IscsiSession.open(url, options);
  }

  private static SessionOptions options(IscsiUrl url) throws IOException {
    ChapUser user = ChapEnvironment.user(url, System.getenv());
    return SessionOptions.standard().withUser(user);
  }

  /** The first session, which somebody waits for who may have mistyped the address. */
  static ScsiDevice first(Connector connector) throws IOException {
    try {
      return connector.connect();
    } catch (IOException e) {
      throw e.getMessage() != null && e.getMessage().startsWith("cannot connect")
          ? new Failure(e.getMessage() + "; check the address, and that the server runs", e)
          : e;
    }
  }

  private ScsiDevice inProcess(Path directory, String name) throws IOException {
    Path key = directory.toAbsolutePath().normalize();
    OpenPool open = pools.get(key);
    if (open == null) {
      Pool pool = openPool(directory);
      open = new OpenPool(pool, new PoolTarget(pool, DaemonSettings.DEFAULT_TARGET_NAME));
      pools.put(key, open);
    }
    Volume volume =
        open.pool
            .volume(name)
            .orElseThrow(() -> new Failure("%s: has no volume '%s'".formatted(directory, name)));
    return open.target.open(IN_PROCESS, volume.lun());
  }

  private static Pool openPool(Path directory) throws IOException {
    if (!FileMedium.exists(directory)) {
      throw new Failure(directory + ": holds no pool; 'gantry serve --data DIR' makes one");
    }
    FileMedium medium =
        openMedium(
            directory,
            "name its volumes by URL ('gantry volume list --data %s')".formatted(directory));
    return Pool.open(medium, PoolOptions.defaults());
  }

  /**
   * Opens the medium of a pool that nobody serves.
   *
   * @param instead what to do if somebody does
   * @throws Failure if somebody does; says who
   */
  static FileMedium openMedium(Path directory, String instead) throws IOException {
    try {
      return FileMedium.open(directory);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      Optional<DaemonContact> owner = DaemonContact.readRunning(directory);
      throw owner.isEmpty()
          ? e
          : new Failure(
              "%s: process %d serves it; %s".formatted(e.getMessage(), owner.get().pid(), instead),
              e);
    }
  }

  @Override
  public void close() throws IOException {
    for (OpenPool open : pools.values()) {
      open.target.close();
      open.pool.close();
    }
  }
}
