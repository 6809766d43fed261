package io.gantry.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys, their results, and the text that carries them. */
class NegotiationTest {

  /** RFC 7143 13: offer and own value make a result. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "InitialR2T|Yes|No|Yes",
        "InitialR2T|No|Yes|Yes",
        "InitialR2T|No|No|No",
        "ImmediateData|Yes|Yes|Yes",
        "ImmediateData|Yes|No|No",
        "ImmediateData|No|Yes|No",
        "MaxBurstLength|16776192|1048576|1048576",
        "MaxBurstLength|0x10000|262144|65536",
        "DefaultTime2Wait|0|2|2",
        "DefaultTime2Retain|20|0|0",
        "MaxConnections|8|1|1",
        "ErrorRecoveryLevel|2|0|0",
        "MaxOutstandingR2T|8|1|1",
        "HeaderDigest|None,CRC32C|None|None",
        "HeaderDigest|CRC32C,None|None,CRC32C|CRC32C",
        "HeaderDigest|CRC32C|None|Reject",
        "AuthMethod|CHAP,None|None|None",
        "OFMarkInt|2048|2048|Irrelevant",
        "TaskReporting|FastAbort,RFC3720|RFC3720|RFC3720"
      })
  void resolve(String name, String offer, String own, String result) {
    Key key = Objects.requireNonNull(Key.of(name));
    assertThat(key.isValid(offer)).isTrue();
    assertThat(key.resolve(offer, own)).isEqualTo(result);
  }

  @ParameterizedTest
  @CsvSource({
    "InitialR2T,yes", "InitialR2T,''", "MaxBurstLength,511", "MaxBurstLength,16777216",
    "MaxBurstLength,-1", "MaxBurstLength,0x", "MaxBurstLength,1e6", "MaxBurstLength,99999999999",
    "ErrorRecoveryLevel,3", "MaxConnections,0", "MaxRecvDataSegmentLength,511", "HeaderDigest,''",
    "DefaultTime2Wait,3601", "MaxBurstLength,٣٣٣٣", "MaxOutstandingR2T,65536"
  })
  void invalidValues(String name, String value) {
    Key key = Objects.requireNonNull(Key.of(name));
    assertThat(key.isValid(value)).isFalse();
  }

  @Test
  void keysAreCaseSensitive() {
    assertThat(Key.of("maxburstlength")).isNull();
  }

  @Test
  void everyDefaultIsValid() {
    for (Key key : Key.values()) {
      if (!key.standard().isEmpty()) {
        assertThat(key.isValid(key.standard())).as(key.text()).isTrue();
      }
    }
  }

  private static KeyValueText parse(String text) {
    return KeyValueText.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void text() {
    assertThat(parse("")).isEqualTo(new KeyValueText.Pairs(new java.util.LinkedHashMap<>()));
    assertThat(parse("A=1\0B=\0\0C=x=y\0"))
        .isInstanceOfSatisfying(
            KeyValueText.Pairs.class,
            pairs ->
                assertThat(pairs.values())
                    .containsExactly(
                        Map.entry("A", "1"), Map.entry("B", ""), Map.entry("C", "x=y")));
  }

  @ParameterizedTest
  @CsvSource({
    "A=1, zero byte",
    "A=1~A=2~, twice",
    "A~, equals sign",
    "=1~, equals sign",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1~, 63 bytes"
  })
  void malformedText(String text, String problem) {
    assertThat(parse(text.replace('~', '\0')))
        .isInstanceOfSatisfying(
            KeyValueText.Malformed.class, bad -> assertThat(bad.problem()).contains(problem));
  }

  @Test
  void textIsBounded() {
    StringBuilder keys = new StringBuilder();
    for (int i = 0; i <= KeyValueText.PAIRS_MAX; i++) {
      keys.append("K").append(i).append("=v\0");
    }
    assertThat(parse(keys.toString())).isInstanceOf(KeyValueText.Malformed.class);
    assertThat(parse("A=" + "x".repeat(KeyValueText.VALUE_LENGTH_MAX + 1) + "\0"))
        .isInstanceOf(KeyValueText.Malformed.class);
    assertThat(KeyValueText.parse(new byte[] {'A', '=', (byte) 0xC0, 0}))
        .isEqualTo(new KeyValueText.Malformed("text that is not UTF-8"));
  }

  @Test
  void randomTextDoesNoHarm() {
    long seed = Long.getLong("seed", new Random().nextLong());
    System.out.println("NegotiationTest -Dseed=" + seed);
    Random random = new Random(seed);
    byte[] alphabet = {0, 0, '=', '=', 'A', 'B', 'c', '1', ',', (byte) 0xC3, (byte) 0xA4};
    for (int round = 0; round < 20_000; round++) {
      byte[] text = new byte[random.nextInt(40)];
      for (int i = 0; i < text.length; i++) {
        text[i] = alphabet[random.nextInt(alphabet.length)];
      }
      assertThat(KeyValueText.parse(text)).isNotNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "iqn.1991-05.com.microsoft:host_1,true",
    "IQN.2001-04.COM.EXAMPLE:X,true",
    "iqn.2001-4.com.example,false",
    "iqn.2001-04.,false",
    "eui.02004567A425678D,true",
    "eui.0200,false",
    "naa.52004567BA64678D,true",
    "iqn.2001-04.com.a b,false",
    "host,false"
  })
  void names(String name, boolean valid) {
    assertThat(IscsiName.isValid(name)).isEqualTo(valid);
  }

  @Test
  void serialNumbersWrapAround() {
    assertThat(SerialNumber.isBefore(0xffff_ffff, 0)).isTrue();
    assertThat(SerialNumber.isBefore(0, 0xffff_ffff)).isFalse();
    assertThat(SerialNumber.isBefore(7, 7)).isFalse();
    assertThat(SerialNumber.isBefore(0x7fff_ffff, 0x8000_0000)).isTrue();
    assertThat(SerialNumber.distance(0xffff_fffe, 3)).isEqualTo(5);
  }
}
