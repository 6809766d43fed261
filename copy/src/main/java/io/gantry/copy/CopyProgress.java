package io.gantry.copy;

/** Hears how far a copy is. Called from several threads. */
public interface CopyProgress {
  /** Nobody listens. */
  CopyProgress NONE =
      new CopyProgress() {
        @Override
        public void started(long totalBytes, long doneBytes) {}

        @Override
        public void copied(Means means, long bytes) {}

        @Override
        public void compared(long bytes, long totalBytes) {}
      };

  /**
   * The copy starts; or it starts once more after a logical unit was lost.
   *
   * @param totalBytes what it has to do altogether
   * @param doneBytes what of that is done already
   */
  void started(long totalBytes, long doneBytes);

  /** So many more bytes are copied. */
  void copied(Means means, long bytes);

  /** So many more bytes of the total are compared. */
  void compared(long bytes, long totalBytes);
}
