package io.gantry.scsi;

/** What came of reading bytes that a peer sent: a value, or the sense data that refuses them. */
public sealed interface Decoded<T> {
  /** The bytes were well-formed. */
  record Valid<T>(T value) implements Decoded<T> {}

  /** The bytes were not; {@code sense} says which and why. */
  record Invalid<T>(Sense sense) implements Decoded<T> {}
}
