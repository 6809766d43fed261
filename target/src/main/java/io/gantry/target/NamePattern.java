package io.gantry.target;

/**
 * A name in which {@code *} stands for any characters, none included.
 *
 * @param text the pattern
 */
public record NamePattern(String text) {

  public NamePattern {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("an empty pattern fits no name; '*' fits all");
    }
  }

  /** Whether a name fits. Takes at most the product of both lengths in time. */
  public boolean fits(String name) {
    int at = 0;
    int p = 0;
    int star = -1;
    int resume = 0;
    while (at < name.length()) {
      if (p < text.length() && text.charAt(p) == '*') {
        star = p++;
        resume = at;
      } else if (p < text.length() && text.charAt(p) == name.charAt(at)) {
        p++;
        at++;
      } else if (star >= 0) { // let the last star stand for one more
        p = star + 1;
        at = ++resume;
      } else {
        return false;
      }
    }
    while (p < text.length() && text.charAt(p) == '*') {
      p++;
    }
    return p == text.length();
  }

  @Override
  public String toString() {
    return text;
  }
}
