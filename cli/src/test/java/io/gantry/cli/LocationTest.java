package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocationTest {
  @Test
  void aUrlIsALogicalUnitAndKeepsItsPasswordToItself() {
    String url = "iscsi://admin%secret@127.0.0.1:3261/iqn.2026-11.io.gantry:default/5";
    assertThat(Location.parse(url)).isInstanceOf(Location.Iscsi.class);
    assertThat(Location.parse(url).name())
        .isEqualTo("iscsi://admin@127.0.0.1:3261/iqn.2026-11.io.gantry:default/5");
  }

  @Test
  void aVolumeOfAPoolIsNamedByDirectoryAndName() {
    assertThat(Location.parse("pool:/srv/gantry/disk"))
        .isEqualTo(
            new Location.PoolVolume(Path.of("/srv/gantry"), "disk", "pool:/srv/gantry/disk"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"disk.img", "./a b", "/dev/sdb", "C:disk", "a@b/c"})
  void anythingElseIsAFile(String text) {
    assertThat(Location.parse(text)).isEqualTo(new Location.File(Path.of(text), text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"iscsi://host", "iscsi://host/nothing/0", "pool:disk", "pool:", "nfs://host/x"})
  void whatLooksLikeAUrlMustBeOne(String text) {
    assertThatThrownBy(() -> Location.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
