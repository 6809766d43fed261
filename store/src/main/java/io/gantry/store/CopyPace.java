package io.gantry.store;

/**
 * Who goes along with a copy: sees what it does, keeps it from going too fast, and ends it. Called
 * by the copying thread, which holds no locks then, and so may be kept waiting.
 */
public interface CopyPace {
  /** As fast as it goes, to the end. */
  CopyPace NONE =
      new CopyPace() {
        @Override
        public boolean mayGoOn() {
          return true;
        }

        @Override
        public boolean mayMove(long bytes, boolean alike) {
          return true;
        }

        @Override
        public void did(CopyResult part) {}
      };

  /** Whether the copy may do another step that costs next to nothing; else it ends here. */
  boolean mayGoOn();

  /**
   * Whether the copy may read and write some bytes; else it ends here. If so, {@link #did} or the
   * copy's end comes next.
   *
   * @param alike whether source and destination lie alike in their chunks, so that these are the
   *     bytes at an end that fills no chunk
   */
  boolean mayMove(long bytes, boolean alike);

  /** A step was done. */
  void did(CopyResult part);
}
