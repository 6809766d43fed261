package io.gantry.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gantry.scsi.Lun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IscsiUrlTest {
  private static final String NAME = "iqn.2026-11.io.gantry:default";

  @ParameterizedTest
  @CsvSource({
    "h,h,3260",
    "127.0.0.1:13260,127.0.0.1,13260",
    "[::1],::1,3260",
    "[fe80::1%eth0]:99,fe80::1%eth0,99"
  })
  void hostsAndPorts(String authority, String host, int port) {
    assertThat(IscsiUrl.parse("iscsi://" + authority + "/" + NAME + "/7"))
        .isEqualTo(new IscsiUrl(host, port, NAME, new Lun(7), null, null));
  }

  @Test
  void credentials() {
    IscsiUrl url = IscsiUrl.parse("iscsi://joe%s3c/r@t@host:1/" + NAME + "/0");
    assertThat(url).isEqualTo(new IscsiUrl("host", 1, NAME, new Lun(0), "joe", "s3c/r@t"));
    assertThat(url).hasToString("iscsi://joe@host:1/" + NAME + "/0");
    assertThat(IscsiUrl.parse("iscsi://joe@host/" + NAME + "/0").password()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "http://h/iqn.2026-11.io:x/0,does not start",
    "iscsi://h/iqn.2026-11.io:x,is not iscsi://host",
    "iscsi:///iqn.2026-11.io:x/0,no host",
    "iscsi://h:0/iqn.2026-11.io:x/0,no TCP port",
    "iscsi://h:65536/iqn.2026-11.io:x/0,no TCP port",
    "iscsi://h:x/iqn.2026-11.io:x/0,no host and port",
    "iscsi://::1/iqn.2026-11.io:x/0,no host and port",
    "iscsi://h/disk/0,no iSCSI target name",
    "iscsi://h/iqn.2026-11.io:x/a,no LUN",
    "iscsi://h/iqn.2026-11.io:x/16384,no LUN",
    "iscsi://h/iqn.2026-11.io:x/0/1,is not iscsi://host"
  })
  void refusals(String url, String problem) {
    assertThatThrownBy(() -> IscsiUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }
}
