package io.gantry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizeTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "1k, 1024",
    "512M, 536870912",
    "512MiB, 536870912",
    "10G, 10737418240",
    "10gb, 10737418240",
    "1T, 1099511627776",
    "7E, 8070450532247928832"
  })
  void sizesAreReadInPowersOf1024(String text, long bytes) {
    assertThat(Size.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "M", "-1", "1.5G", "10X", "8E", "99999999999999999999", "1 G", "0x10"})
  void otherTextsAreNoSizes(String text) {
    assertThatThrownBy(() -> Size.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' is no size");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.00 KiB",
    "10239, 10.0 KiB",
    "65536, 64.0 KiB",
    "145959730, 139 MiB",
    "4294967296, 4.00 GiB",
    "9223372036854775807, 8.00 EiB"
  })
  void sizesAreShownWithThreeDigits(long bytes, String text) {
    assertThat(Size.human(bytes)).isEqualTo(text);
  }

  @Test
  void durationsAreShownWithThreeDigits() {
    assertThat(Terminal.human(Duration.ofNanos(412_000))).isEqualTo("0.412 ms");
    assertThat(Terminal.human(Duration.ofNanos(9_423_000))).isEqualTo("9.42 ms");
    assertThat(Terminal.human(Duration.ofMillis(657))).isEqualTo("657 ms");
    assertThat(Terminal.human(Duration.ofMillis(12_345))).isEqualTo("12.3 s");
    assertThat(Terminal.human(Duration.ofSeconds(252))).isEqualTo("4 min 12 s");
    assertThat(Terminal.rate(1L << 30, Duration.ofSeconds(2))).isEqualTo("512 MiB/s");
  }
}
