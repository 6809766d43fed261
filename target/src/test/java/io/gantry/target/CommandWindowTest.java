package io.gantry.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.gantry.iscsi.SerialNumber;
import io.gantry.target.CommandWindow.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandWindowTest {

  /** Also where the numbers wrap around. */
  @ParameterizedTest
  @ValueSource(ints = {1, 0x7fff_fffe, 0xffff_fffe})
  void onlyTheNextNumberInsideTheWindowIsAdmitted(int first) {
    CommandWindow window = new CommandWindow(first, 4);
    assertThat(window.maximum()).isEqualTo(first + 3);
    assertThat(window.admit(first - 1)).isEqualTo(Verdict.OUTSIDE);
    assertThat(window.admit(first + 4)).isEqualTo(Verdict.OUTSIDE);
    assertThat(window.admit(first + 1)).isEqualTo(Verdict.GAP);
    assertThat(window.admit(first + 3)).isEqualTo(Verdict.GAP);
    for (int i = 0; i < 4; i++) {
      assertThat(window.admit(first + i)).isEqualTo(Verdict.ADMITTED);
      assertThat(window.admit(first + i)).isEqualTo(Verdict.OUTSIDE);
      assertThat(window.expected()).isEqualTo(first + i + 1);
    }
    assertThat(window.maximum()).isEqualTo(window.expected() - 1);
    assertThat(window.admit(first + 4)).isEqualTo(Verdict.OUTSIDE);
    window.release();
    assertThat(window.admit(first + 4)).isEqualTo(Verdict.ADMITTED);
  }

  @Test
  void theMaximumNeverGoesBack() {
    CommandWindow window = new CommandWindow(10, 2);
    int maximum = window.maximum();
    for (int sn = 10; sn < 100; sn++) {
      assertThat(window.admit(sn)).isEqualTo(Verdict.ADMITTED);
      assertThat(SerialNumber.isBefore(window.maximum(), maximum)).isFalse();
      maximum = window.maximum();
      window.release();
      assertThat(window.maximum()).isEqualTo(maximum + 1);
      maximum = window.maximum();
    }
  }
}
