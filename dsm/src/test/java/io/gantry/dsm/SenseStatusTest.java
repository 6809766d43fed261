package io.gantry.dsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.scsi.ScsiResponse;
import io.gantry.scsi.ScsiStatus;
import io.gantry.scsi.Sense;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sense data to NTSTATUS; the numbers are ntstatus.h's, written out. */
class SenseStatusTest {

  @ParameterizedTest(name = "{0}/{1}/{2} {5}")
  @CsvSource(
      textBlock =
          """
          05, 00, 16, C0000476, false, list identifier in use
          05, 08, 04, C0000464, false, copy target unreachable
          05, 0D, 04, C000003C, false, more asked than the token holds
          05, 1A, 00, C000003C, false, parameter list cut off
          05, 1A, 7F, C000003C, false, parameter list cut off with any qualifier
          05, 21, 00, C0000015, false, LBA out of range
          05, 23, 00, C0000465, false, invalid token
          05, 23, 04, C0000465, false, token unknown
          05, 23, 06, C0000465, false, token revoked
          05, 23, 07, C0000465, false, token expired
          05, 23, 0A, C0000465, false, token length
          05, 24, 00, C0000477, false, list identifier unknown on this nexus
          05, 25, 00, C000000E, false, no such logical unit
          05, 26, 00, C0000475, false, parameter list
          05, 26, 04, C0000474, false, destination alignment
          05, 26, 08, C0000473, false, too many ranges
          05, 26, 0C, C0000475, false, parameter list with any other qualifier
          05, 20, 00, C0000010, false, unknown operation code
          05, 55, 0D, C0000010, false, any other illegal request
          0A, 0D, 04, 00000000, false, short copy
          0B, 0D, 04, 00000000, false, short copy by an aborted command
          0B, 55, 03, C000009A, false, copy manager out of resources
          0B, 4B, 00, C0000185, true,  any other aborted command
          0A, 00, 00, C0000185, false, any other aborted copy
          01, 18, 00, 00000000, false, recovered
          02, 04, 01, C00000A3, false, becoming ready
          02, 04, 14, C000022D, false, allocating space
          03, 11, 00, C000009C, false, medium
          04, 44, 00, C0000483, false, hardware
          04, 3E, 02, C000047D, false, logical unit timed out
          04, 4B, 06, C000047D, false, initiator response timed out
          06, 29, 00, C0000185, true,  unit attention
          07, 27, 07, C0000461, false, pool exhausted
          07, 27, 00, C00000A2, false, write protected
          00, 00, 00, C0000185, false, check condition without a reason
          """)
  void sense(String key, String asc, String ascq, String status, boolean retry, String what) {
    Sense sense =
        Sense.of(Integer.parseInt(key, 16), Integer.parseInt(asc, 16), Integer.parseInt(ascq, 16));
    SenseStatus meaning = SenseStatus.ofToken(ScsiResponse.check(sense));
    assertThat(meaning.status().value()).as(what).isEqualTo(Integer.parseUnsignedInt(status, 16));
    assertThat(meaning.retry()).as(what).isEqualTo(retry);
  }

  /** Rows of token commands do not count for others; the rest means the same. */
  @ParameterizedTest(name = "{0}/{1}/{2} {3}")
  @CsvSource(
      textBlock =
          """
          05, 00, 16, C0000010
          05, 08, 04, C0000464
          05, 0D, 04, C0000010
          05, 1A, 00, C000003C
          05, 21, 00, C0000015
          05, 24, 00, C0000010
          05, 26, 00, C0000010
          05, 26, 04, C0000474
          05, 26, 08, C0000473
          05, 20, 00, C0000010
          0A, 0D, 04, 00000000
          0B, 0D, 04, C0000185
          0B, 55, 03, C0000185
          03, 11, 00, C000009C
          07, 27, 07, C0000461
          07, 27, 00, C00000A2
          """)
  void senseOfOtherCommands(String key, String asc, String ascq, String status) {
    Sense sense =
        Sense.of(Integer.parseInt(key, 16), Integer.parseInt(asc, 16), Integer.parseInt(ascq, 16));
    assertThat(SenseStatus.of(ScsiResponse.check(sense)).status().value())
        .isEqualTo(Integer.parseUnsignedInt(status, 16));
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          GOOD,                 00000000, false
          CONDITION_MET,        00000000, false
          BUSY,                 80000011, true
          RESERVATION_CONFLICT, 80000011, false
          TASK_SET_FULL,        80000011, true
          ACA_ACTIVE,           80000011, false
          TASK_ABORTED,         C0000185, true
          """)
  void status(ScsiStatus scsi, String status, boolean retry) {
    SenseStatus meaning = SenseStatus.of(new ScsiResponse(scsi, null, 0));
    assertThat(meaning.status().value()).isEqualTo(Integer.parseUnsignedInt(status, 16));
    assertThat(meaning.retry()).isEqualTo(retry);
  }

  /** The first matching row counts: one that an earlier row covers could never be reached. */
  @Test
  void noRowHidesALaterOne() {
    for (int i = 0; i < SenseStatus.ROWS.size(); i++) {
      SenseStatus.Row row = SenseStatus.ROWS.get(i);
      Sense sample =
          Sense.of(
              row.key(),
              row.asc() == SenseStatus.ANY ? 0xFE : row.asc(),
              row.ascq() == SenseStatus.ANY ? 0xFE : row.ascq());
      assertThat(SenseStatus.ROWS.stream().filter(other -> other.matches(sample, true)).findFirst())
          .contains(row);
    }
  }
}
