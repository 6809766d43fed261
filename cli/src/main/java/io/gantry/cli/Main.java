package io.gantry.cli;

/** stub */
public final class Main {
  private Main() {}

  /** stub */
  public static void main(String[] arguments) {
    System.out.println("hi");
  }
}
