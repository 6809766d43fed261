package io.gantry.copy;

/** Hears how far a copy is. Called from several threads. */
@FunctionalInterface
public interface CopyProgress {
  /** Nobody listens. */
  CopyProgress NONE = (step, bytes, totalBytes) -> {};

  /** What a copy does, one after the other. */
  enum Step {
    COPY,
    VERIFY
  }

  /**
   * So many more bytes are done.
   *
   * @param step of what
   * @param bytes done since the last call
   * @param totalBytes what the step has to do altogether
   */
  void advanced(Step step, long bytes, long totalBytes);
}
