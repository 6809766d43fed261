package io.gantry.server;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Tells systemd how the daemon is, as sd_notify(3) does: a datagram to the socket that {@code
 * NOTIFY_SOCKET} names. Java has no datagrams on Unix sockets, so the C library's are called. Where
 * nobody asked for it, nothing happens.
 */
public final class Systemd {
  private static final System.Logger LOG = System.getLogger(Systemd.class.getName());

  private static final short AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 0x80002;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** Of sun_path (unix(7)). */
  private static final int PATH_BYTES = 108;

  private final @Nullable String socket;

  /**
   * A service manager of that kind.
   *
   * @param socket path of its socket, which begins with {@code @} if it is an abstract one; null if
   *     there is none
   */
  public Systemd(@Nullable String socket) {
    this.socket = socket == null || socket.isEmpty() ? null : socket;
  }

  /** The one that the environment names. */
  public static Systemd ofEnvironment() {
    return new Systemd(System.getenv("NOTIFY_SOCKET"));
  }

  /**
   * Whether standard error is the journal, which takes a level like {@code <4>} off the front of a
   * line (sd-daemon(3)). It is if it is the very stream that {@code JOURNAL_STREAM} names: the
   * variable is inherited by programs whose standard error goes elsewhere (systemd.exec(5)).
   */
  static boolean takesLevels() {
    String journal = System.getenv("JOURNAL_STREAM");
    if (journal == null) {
      return false;
    }
    try {
      Map<String, Object> stream = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
      return journal.equals(stream.get("dev") + ":" + stream.get("ino"));
    } catch (IOException | UnsupportedOperationException e) {
      return false; // no /proc, no journal
    }
  }

  /** The daemon accepts connections. */
  public void ready(String status) {
    tell("READY=1\nSTATUS=" + status);
  }

  /** The daemon is about to end. */
  public void stopping() {
    tell("STOPPING=1");
  }

  private void tell(String state) {
    if (socket == null) {
      return;
    }
    try {
      send(socket.getBytes(StandardCharsets.UTF_8), state.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchElementException | IllegalArgumentException | IllegalStateException e) {
      LOG.log(System.Logger.Level.WARNING, "systemd is not told: {0}", e.getMessage());
    }
  }

  private static void send(byte[] path, byte[] state) {
    if (path.length > PATH_BYTES || (path[0] != '/' && path[0] != '@')) {
      throw new IllegalArgumentException("NOTIFY_SOCKET is no path of a socket");
    }
    MethodHandle socket =
        function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    MethodHandle sendto =
        function(
            "sendto",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
    MethodHandle close = function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(Short.BYTES + PATH_BYTES);
      address.set(JAVA_SHORT, 0, AF_UNIX);
      MemorySegment.copy(path, 0, address, JAVA_BYTE, Short.BYTES, path.length);
      if (path[0] == '@') {
        address.set(JAVA_BYTE, Short.BYTES, (byte) 0);
      }
      int descriptor = (int) socket.invokeExact((int) AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      if (descriptor < 0) {
        throw new IllegalStateException("no socket can be had");
      }
      long sent =
          (long)
              sendto.invokeExact(
                  descriptor,
                  arena.allocateFrom(JAVA_BYTE, state),
                  (long) state.length,
                  MSG_NOSIGNAL,
                  address,
                  Short.BYTES + path.length);
      var _ = (int) close.invokeExact(descriptor);
      if (sent != state.length) {
        throw new IllegalStateException("nobody listens at NOTIFY_SOCKET");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // handles declare it, C functions throw nothing
    }
  }

  @SuppressWarnings("restricted") // calling C is what this class is for
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type);
  }
}
