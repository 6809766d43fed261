import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Puts a container image together, as an archive that {@code docker load} and {@code podman load}
 * take. Its layers are in the order of how seldom they change: a few files of Debian, the Java
 * runtime, the libraries, Gantry. The same files make the same image, byte by byte.
 *
 * <p>Arguments: the tree of Debian's files, the stage of packaging/build, the tree of Gantry's
 * files, the archive to write, version, commit, architecture as Docker calls it, and the time of
 * all files.
 */
final class Image {
  private static final String HOME = "/usr/lib/gantry";
  private static final String DATA = "/var/lib/gantry";

  /** A number, so that an engine can tell that it is not root's; it is in etc/passwd, too. */
  private static final String USER = "10260:10260";

  /** Annotations of the OCI image specification. */
  private static final String LABEL = "org.opencontainers.image.";

  private final Instant time;

  private Image(Instant time) {
    this.time = time;
  }

  public static void main(String[] arguments) throws Exception {
    Path debian = Path.of(arguments[0]);
    Path stage = Path.of(arguments[1]);
    Path gantry = Path.of(arguments[2]);
    String version = arguments[4];
    Image image = new Image(Instant.parse(arguments[7]));
    JibContainerBuilder builder =
        Jib.fromScratch()
            .setPlatforms(Set.of(new Platform(arguments[6], "linux")))
            .addFileEntriesLayer(image.layer("debian", debian, ""))
            .addFileEntriesLayer(
                image.layer("runtime", stage.resolve("runtime"), HOME + "/runtime"))
            .addFileEntriesLayer(image.layer("libraries", stage.resolve("lib"), HOME + "/lib"))
            .addFileEntriesLayer(image.layer("gantry", gantry, ""))
            .setUser(USER)
            .setWorkingDirectory(AbsoluteUnixPath.get(DATA))
            .addEnvironmentVariable("PATH", HOME + "/bin:/usr/bin:/bin")
            .addEnvironmentVariable("LANG", "C.UTF-8")
            .addEnvironmentVariable("GANTRY_DATA", DATA)
            .setEntrypoint(HOME + "/bin/gantry")
            .setProgramArguments("serve", "--config", "/etc/gantry/gantry.toml")
            .setExposedPorts(Port.tcp(3260), Port.tcp(8260))
            .setVolumes(AbsoluteUnixPath.get(DATA))
            .setCreationTime(image.time)
            .addLabel(LABEL + "title", "Gantry")
            .addLabel(
                LABEL + "description", "Block storage with token-based copy offload (Windows ODX)")
            .addLabel(LABEL + "version", version)
            .addLabel(LABEL + "revision", arguments[5])
            .addLabel(LABEL + "created", arguments[7])
            .addLabel(
                LABEL + "licenses", "Apache-2.0 AND GPL-2.0-only WITH Classpath-exception-2.0");
    builder.containerize(
        Containerizer.to(
                TarImage.at(Path.of(arguments[3])).named(ImageReference.parse("gantry:" + version)))
            .setOfflineMode(true)
            .setToolName("gantry"));
    System.exit(0); // Jib leaves threads behind
  }

  private FileEntriesLayer layer(String name, Path directory, String into) throws IOException {
    FileEntriesLayer.Builder layer = FileEntriesLayer.builder().setName(name);
    List<Path> files;
    try (Stream<Path> walk = Files.walk(directory)) {
      files =
          walk.filter(file -> !file.equals(directory) && !isOursAmongOthers(name, file))
              .sorted()
              .toList();
    }
    for (Path file : files) {
      String path = into + "/" + directory.relativize(file);
      layer.addEntry(
          file,
          AbsoluteUnixPath.get(path),
          FilePermissions.fromOctalString(permissions(file, path)),
          time,
          path.equals(DATA) ? USER : "0:0");
    }
    return layer.build();
  }

  /** The stage has all jars in one directory; ours change more often. */
  private static boolean isOursAmongOthers(String layer, Path file) {
    return layer.equals("libraries") && file.getFileName().toString().startsWith("gantry-");
  }

  private static String permissions(Path file, String path) {
    return switch (path) {
      case DATA -> "700";
      case "/tmp" -> "777"; // Jib has no sticky bit; there is only one user
      default -> Files.isExecutable(file) ? "755" : "644"; // directories are
    };
  }
}
