package io.gantry.sim;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.random.RandomGenerator;

/**
 * A connection between an initiator and a target. Bytes arrive in order, late, and in pieces that
 * have nothing to do with those in which they were sent; there is room for so many of them under
 * way. It may break after any byte: what was under way behind it is lost, and each end hears of it
 * at a time of its own.
 */
final class SimulatedWire {
  private static final int PORT = 3260;

  private final Scheduler scheduler;
  private final RandomGenerator random;
  private final SimulatedChannel initiator;
  private final SimulatedChannel target;
  private final Direction out;
  private final Direction in;
  private boolean broken;

  private final class Direction {
    final SimulatedChannel sender;
    final SimulatedChannel receiver;
    final int capacity;
    final Queue<byte[]> arrived = new ArrayDeque<>();
    long cutAfter = Long.MAX_VALUE;
    long sent;
    int underWay;
    long lastArrival;
    boolean blocked;
    boolean senderClosed;
    boolean receiverClosed;
    boolean ended;

    Direction(SimulatedChannel sender, SimulatedChannel receiver) {
      this.sender = sender;
      this.receiver = receiver;
      this.capacity = 1 << random.nextInt(11, 18);
    }

    int send(ByteBuf from) {
      int count = Math.min(capacity - underWay, from.readableBytes());
      if (count <= 0) {
        blocked = true;
        return 0;
      }
      byte[] bytes = new byte[count];
      from.readBytes(bytes);
      long left = Math.min(count, cutAfter - sent);
      sent += count;
      for (int at = 0; at < left && !broken; ) {
        int rest = (int) left - at;
        int piece = random.nextInt(4) > 0 ? rest : 1 + random.nextInt(rest);
        byte[] part = Arrays.copyOfRange(bytes, at, at + piece);
        underWay += piece;
        later(() -> arrive(part));
        at += piece;
      }
      if (sent > cutAfter && !broken) {
        later(SimulatedWire.this::cut);
      }
      return count;
    }

    /** Does something after all that was sent before has arrived. */
    private void later(Runnable action) {
      lastArrival = Math.max(lastArrival, scheduler.micros() + delayMicros());
      scheduler.after(lastArrival - scheduler.micros(), action);
    }

    private void arrive(byte[] bytes) {
      if (broken || receiverClosed) {
        took(bytes.length);
      } else {
        arrived.add(bytes);
        receiver.readable();
      }
    }

    private void took(int count) {
      underWay -= count;
      if (blocked && !senderClosed) {
        blocked = false;
        sender.writable();
      }
    }

    byte[] receive(int most) {
      if (arrived.isEmpty()) {
        return new byte[0];
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      do {
        byte[] next = arrived.remove();
        all.writeBytes(next);
      } while (!arrived.isEmpty() && all.size() + arrived.element().length <= most);
      took(all.size());
      return all.toByteArray();
    }

    void end() {
      senderClosed = true;
      later(() -> {
        ended = !broken;
        if (ended && !receiverClosed) {
          receiver.readable();
        }
      });
    }
  }

  /**
   * Makes a connection. Its channels have neither handlers nor event loops yet.
   *
   * @param host last byte of the initiator's address
   */
  SimulatedWire(Scheduler scheduler, RandomGenerator random, int host, ByteBufAllocator allocator) {
    this.scheduler = scheduler;
    this.random = random;
    InetSocketAddress here = address(host, 1024 + random.nextInt(60_000));
    InetSocketAddress there = address(1, PORT);
    this.initiator = new SimulatedChannel(this, here, there, allocator);
    this.target = new SimulatedChannel(this, there, here, allocator);
    this.out = new Direction(initiator, target);
    this.in = new Direction(target, initiator);
  }

  /** On the loop, where everything is open to everybody. */
  private static InetSocketAddress address(int host, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) host}), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  SimulatedChannel initiator() {
    return initiator;
  }

  SimulatedChannel target() {
    return target;
  }

  /** Breaks it when so many bytes have gone in one of the directions. */
  void cutAfter(boolean toTarget, long bytes) {
    (toTarget ? out : in).cutAfter = bytes;
  }

  /** Breaks it now. */
  void cut() {
    if (!broken) {
      broken = true;
      scheduler.after(noticeMicros(), initiator::reset);
      scheduler.after(noticeMicros(), target::reset);
    }
  }

  /** Mostly short; now and then a packet is sent again. */
  private long delayMicros() {
    return switch (random.nextInt(64)) {
      case 0 -> 200_000 + random.nextInt(2_000_000);
      case 1, 2, 3 -> random.nextInt(20_000);
      default -> 10 + random.nextInt(150);
    };
  }

  /** When an end hears that the connection is broken: at once, or when nothing comes for long. */
  private long noticeMicros() {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextInt(120_000_000);
      case 1, 2 -> random.nextInt(1_000_000);
      default -> random.nextInt(200);
    };
  }

  // What follows is for the channels.

  private Direction from(SimulatedChannel channel) {
    return channel.equals(initiator) ? out : in;
  }

  private Direction to(SimulatedChannel channel) {
    return channel.equals(initiator) ? in : out;
  }

  /** Takes bytes, as many as there is room for. */
  int send(SimulatedChannel channel, ByteBuf bytes) {
    return from(channel).send(bytes);
  }

  /** What has arrived, at most about so much. */
  byte[] receive(SimulatedChannel channel, int most) {
    return to(channel).receive(most);
  }

  /** Whether the other end has closed, and nothing is left. */
  boolean isAtEnd(SimulatedChannel channel) {
    return to(channel).ended;
  }

  /** An end is closed: what it sent arrives; what is on its way to it does not. */
  void closed(SimulatedChannel channel) {
    from(channel).end();
    Direction lost = to(channel);
    lost.receiverClosed = true;
    for (byte[] bytes : lost.arrived) {
      lost.underWay -= bytes.length;
    }
    lost.arrived.clear();
    lost.took(0);
  }
}
