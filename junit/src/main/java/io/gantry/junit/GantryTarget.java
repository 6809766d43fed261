package io.gantry.junit;

import io.gantry.target.Access;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a test a running iSCSI target, with a fresh pool in a temporary directory and its portal on
 * a free port of the loopback interface.
 *
 * <p>On a parameter or field of type {@link TestTarget}: that one is a target of its own. It lives
 * as long as what it is injected into: a static field or a parameter of {@code @BeforeAll} for all
 * tests of the class, an instance field as long as the instance, any other parameter for one test.
 *
 * <p>On a class: all parameters of that type that have no annotation of their own get one and the
 * same target, which is a new one for each test, unless a {@code @BeforeAll} method has asked for
 * it first: then it serves all tests of the class. Classes nested in it and subclasses have it too.
 *
 * <p>Any number of targets run at a time, and tests in parallel. Whatever the test leaves open is
 * closed when the target's life is over.
 */
@Target({ElementType.TYPE, ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(GantryExtension.class)
public @interface GantryTarget {

  /** How many volumes it has at first: {@code volume0} is LUN 0, and so on. */
  int volumes() default 1;

  /** Size of each of them: bytes, or with K, M, G or T (powers of 1024). */
  String size() default "64M";

  /** Bytes of a logical block: 512 or 4096. */
  int blockBytes() default 512;

  /** Bytes of a chunk, a power of two from 16 KiB to 1 MiB. */
  int chunkBytes() default 64 << 10;

  /** What initiators may do with the volumes. */
  Access access() default Access.READ_WRITE;

  /** Name under which initiators have to authenticate by CHAP; empty: they need not. */
  String user() default "";

  /** The secret that goes with it, 12 bytes or more. */
  String secret() default "";

  /** What goes wrong with copies from the beginning; the test can change it later. */
  Faults faults() default @Faults;

  /** Whether the directory with the pool stays when the target's life is over. */
  KeepData keepData() default KeepData.NEVER;

  /** When a target's data stay; where they are is logged then. */
  enum KeepData {
    NEVER,
    /** If the test, or for a target of a class the class itself, has failed. */
    ON_FAILURE,
    ALWAYS
  }

  /** Faults on purpose, see {@link io.gantry.target.CopyFaults}. */
  @Target({})
  @Retention(RetentionPolicy.RUNTIME)
  @interface Faults {
    /** Tokens are expired when they are used. */
    boolean expireTokens() default false;

    /** Copies end after so many blocks; negative: they do not. */
    long truncateBlocks() default -1;

    /** So many answers to RECEIVE ROD TOKEN INFORMATION never come. */
    int loseAnswers() default 0;

    /** What RECEIVE ROD TOKEN INFORMATION tells as the status; negative: what is so. */
    int status() default -1;

    /** Milliseconds that each copy command takes longer. */
    long delayMillis() default 0;
  }
}
