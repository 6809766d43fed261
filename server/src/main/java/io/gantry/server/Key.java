package io.gantry.server;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Documents a key of the configuration file, at the component of the record that reads it. From
 * these docs/configuration.md, the variables of the environment and {@code gantry config show}
 * follow.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Key {
  /** What it means, for people. */
  String meaning();

  /** What is written: a unit, or what can be chosen from. */
  String form();

  /** What counts if it is not there, as it would be written; empty for nothing. */
  String initial() default "";

  /** A value as it may be written in the file. */
  String example();

  /** Whether {@code gantry config reload} puts a change in force; if not, it takes a restart. */
  boolean reload() default false;

  /** Whether its value is a secret, which is shown nowhere. */
  boolean secret() default false;
}
