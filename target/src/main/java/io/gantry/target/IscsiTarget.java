package io.gantry.target;

import io.gantry.iscsi.Key;
import io.gantry.iscsi.PduDecoder;
import io.gantry.iscsi.TargetLogin;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An iSCSI target: makes a {@link TargetDevice} reachable over TCP (RFC 7143), on one or several
 * portals of one group.
 *
 * <p>Discovery and normal sessions of one connection each, error recovery level 0. Safe for use by
 * several threads.
 */
public final class IscsiTarget implements AutoCloseable {

  static final int PORTAL_GROUP_TAG = 1;

  /** Commands that an initiator may have outstanding. */
  static final int COMMAND_WINDOW = 128;

  private static final int RECEIVE_DATA_SEGMENT_MAX = 256 * 1024;

  /** Login PDUs are bound by the default of MaxRecvDataSegmentLength (RFC 7143 13.12). */
  private static final int LOGIN_DATA_SEGMENT_MAX = 8192;

  private static final long CLOSE_TIMEOUT_SECONDS = 5;

  /** How often the device looks for what idle initiators are to be told. */
  private static final long LOOK_SECONDS = 1;

  /** What initiators are given to log out when the portal closes. */
  private static final int LOGOUT_SECONDS = 2;

  private static final Map<Key, String> VALUES =
      Map.ofEntries(
          Map.entry(Key.HEADER_DIGEST, "CRC32C,None"), // whichever the initiator prefers
          Map.entry(Key.DATA_DIGEST, "CRC32C,None"),
          Map.entry(Key.MAX_CONNECTIONS, "1"),
          Map.entry(Key.INITIAL_R2T, Key.NO),
          Map.entry(Key.IMMEDIATE_DATA, Key.YES),
          Map.entry(Key.MAX_RECV_DATA_SEGMENT_LENGTH, Integer.toString(RECEIVE_DATA_SEGMENT_MAX)),
          Map.entry(Key.MAX_BURST_LENGTH, Integer.toString(1024 * 1024)),
          Map.entry(Key.FIRST_BURST_LENGTH, Integer.toString(256 * 1024)),
          Map.entry(Key.DEFAULT_TIME_2_RETAIN, "0"),
          Map.entry(Key.MAX_OUTSTANDING_R2T, "1"),
          Map.entry(Key.DATA_PDU_IN_ORDER, Key.YES),
          Map.entry(Key.DATA_SEQUENCE_IN_ORDER, Key.YES),
          Map.entry(Key.ERROR_RECOVERY_LEVEL, "0"),
          Map.entry(Key.PROTOCOL_LEVEL, "2"),
          // Answers of one connection come in order: all that a response fence is for.
          Map.entry(Key.TASK_REPORTING, "ResponseFence,RFC3720"),
          Map.entry(Key.IF_MARKER, Key.NO),
          Map.entry(Key.OF_MARKER, Key.NO));

  /**
   * What keeps a portal bounded.
   *
   * @param connectionsMax more are closed as they come
   * @param loginTimeoutMillis a connection without session after that long is closed
   * @param idleMillis a silent initiator is asked for a sign of life after that long, and dropped
   *     after as long again
   * @param dataOutMillis an initiator from which no Data-Out comes for a write that waits for some
   *     is dropped after that long, or up to a quarter more; it holds buffers that others need
   * @param sessionBytesMax buffers of the commands of one session; a single command may need more
   * @param portalBytesMax buffers of the commands of all sessions; half as much again may be used
   *     for data that initiators send unasked
   */
  public record Limits(
      int connectionsMax,
      long loginTimeoutMillis,
      long idleMillis,
      long dataOutMillis,
      long sessionBytesMax,
      long portalBytesMax) {

    /** Buffers are outside of the heap, for which the Java machine allows as much again. */
    public static final Limits STANDARD =
        new Limits(256, 15_000, 30_000, 60_000, 32L << 20, Runtime.getRuntime().maxMemory() / 2);
  }

  /**
   * What went over the wire since the portal was started.
   *
   * @param commands SCSI commands taken
   * @param dataInBytes data segments sent for them, in bytes
   * @param dataOutBytes data segments received for them, in bytes
   */
  public record Traffic(long commands, long dataInBytes, long dataOutBytes) {}

  private final TargetDevice device;
  private final Limits limits;
  private final TrafficCounters ended = new TrafficCounters();
  private final BufferBudget bufferBudget;
  private final BufferBudget earlyBudget;
  private final AtomicInteger lastTsih = new AtomicInteger();
  private final Set<IscsiConnection> connections = ConcurrentHashMap.newKeySet();
  private final Map<Nexus, IscsiConnection> sessions = new ConcurrentHashMap<>();
  private final IscsiOptions options;
  private volatile AccessPolicy access;
  private volatile IscsiOptions.@Nullable Redirection redirection;
  private final Lobby lobby = new Lobby(Lobby.PLACES, Lobby.PLACES_PER_ADDRESS);
  private final RefusalLog refusals;
  private final PortalCounters counters = new PortalCounters();
  private volatile SessionListener listener = SessionListener.NONE;
  private final @Nullable EventLoopGroup group;
  private final List<Channel> listeners = new ArrayList<>();

  private IscsiTarget(
      TargetDevice device, IscsiOptions options, Limits limits, @Nullable EventLoopGroup group) {
    this.device = device;
    this.options = options;
    this.access = options.access();
    this.redirection = options.redirection();
    this.limits = limits;
    this.refusals = new RefusalLog(options.clock());
    this.bufferBudget = new BufferBudget(limits.portalBytesMax());
    this.earlyBudget = new BufferBudget(limits.portalBytesMax() / 2);
    this.group = group;
  }

  private static IscsiTarget listen(
      TargetDevice device, List<InetSocketAddress> portals, IscsiOptions options, Limits limits)
      throws IOException {
    boolean epoll = Epoll.isAvailable();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            0,
            new DefaultThreadFactory("gantry-iscsi", true),
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    IscsiTarget target = new IscsiTarget(device, options, limits, group);
    Class<? extends ServerChannel> type =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(type)
            .option(ChannelOption.SO_BACKLOG, 128)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            // Keeps the views of its buffers; the usual one makes a new one for each READ.
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(256 * 1024, 1024 * 1024))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    target.accept(channel);
                  }
                });
    for (InetSocketAddress portal : portals) {
      ChannelFuture bound = bootstrap.bind(portal).awaitUninterruptibly();
      if (!bound.isSuccess()) {
        target.listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        throw new IOException("cannot listen on " + portal + ": " + bound.cause().getMessage());
      }
      target.listeners.add(bound.channel());
    }
    var _ = group.scheduleAtFixedRate(device::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    return target;
  }

  /**
   * A target that listens nowhere: who has connections of some other kind than TCP hands them over.
   *
   * @see #accept
   */
  public static IscsiTarget unbound(TargetDevice device, IscsiOptions options, Limits limits) {
    return new IscsiTarget(device, options, limits, null);
  }

  /**
   * Opens a portal for this machine only, to whose initiators all is open.
   *
   * @param address where to listen; port 0 takes any that is free
   * @throws IOException if the address cannot be had
   */
  public static IscsiTarget start(TargetDevice device, InetSocketAddress address)
      throws IOException {
    return start(device, address, Limits.STANDARD);
  }

  static IscsiTarget start(TargetDevice device, InetSocketAddress address, Limits limits)
      throws IOException {
    IscsiOptions options =
        new IscsiOptions(
            AccessPolicy.DEFAULT, null, new SecureRandom(), InstantSource.fixed(Instant.EPOCH));
    return listen(device, List.of(address), options, limits);
  }

  /**
   * Opens portals.
   *
   * @param portals where to listen, at least one; port 0 takes any that is free
   * @throws IOException if an address cannot be had
   */
  public static IscsiTarget start(
      TargetDevice device, List<InetSocketAddress> portals, IscsiOptions options)
      throws IOException {
    return listen(device, List.copyOf(portals), options, Limits.STANDARD);
  }

  /**
   * Takes a connection that was just made, before it is active, and the place of its pipeline's
   * last handlers. What there are too many of is closed.
   *
   * @param channel a stream of bytes whose addresses are {@link InetSocketAddress}es
   */
  public void accept(Channel channel) {
    InetAddress remote = remote(channel);
    if (remote == null || connections.size() >= limits.connectionsMax() || !lobby.enter(remote)) {
      if (remote != null) {
        refused(remote, PortalCounters.NO_PLACE, "there are too many connections");
      }
      var _ = channel.close();
      return;
    }
    channel
        .config()
        .setRecvByteBufAllocator(
            new AdaptiveRecvByteBufAllocator(512, 8192, RECEIVE_DATA_SEGMENT_MAX));
    PduDecoder decoder = new PduDecoder(LOGIN_DATA_SEGMENT_MAX);
    IscsiConnection connection = new IscsiConnection(this, channel, decoder, remote);
    connections.add(connection);
    channel.pipeline().addLast(new FlushConsolidationHandler(256, true), decoder, connection);
  }

  /** Who has connected; null if it is gone again. An IPv4 address in IPv6 clothes is IPv4. */
  private static @Nullable InetAddress remote(Channel channel) {
    InetSocketAddress address = (InetSocketAddress) channel.remoteAddress();
    try {
      return address == null ? null : InetAddress.getByAddress(address.getAddress().getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of neither 4 nor 16 bytes", e);
    }
  }

  private int newTsih() {
    int tsih;
    do {
      tsih = Math.floorMod(lastTsih.getAndIncrement(), 0xffff) + 1;
    } while (hasSession(tsih));
    return tsih;
  }

  private boolean hasSession(int tsih) {
    return live().anyMatch(session -> session.id() == tsih);
  }

  private Stream<LiveSession> live() {
    return connections.stream().map(IscsiConnection::live).filter(Objects::nonNull);
  }

  /** Tells somebody, and nobody else, who comes and goes from now on. */
  public void listen(SessionListener newListener) {
    listener = newListener;
  }

  SessionListener listener() {
    return listener;
  }

  /** The sessions that are open, in order of their beginning. */
  public List<SessionStatus> sessions() {
    return live()
        .sorted(Comparator.comparing(LiveSession::since).thenComparingInt(LiveSession::id))
        .map(LiveSession::status)
        .toList();
  }

  /**
   * Ends a session; its initiator may come back.
   *
   * @return false if there is none of this id
   */
  public boolean drop(int id) {
    Optional<IscsiConnection> found =
        connections.stream()
            .filter(connection -> {
              LiveSession session = connection.live();
              return session != null && session.id() == id;
            })
            .findFirst();
    found.ifPresent(connection -> {
      var _ = connection.terminate("dropped by an administrator");
    });
    return found.isPresent();
  }

  /**
   * Lets initiators in by another policy from now on, and ends the sessions of those that it would
   * not have let in.
   */
  public void access(AccessPolicy policy) {
    access = policy;
    connections.forEach(this::endIfUnwanted);
  }

  /**
   * Sends who logs in from now on elsewhere, or lets them in here again; sessions stay.
   *
   * @param moved null for here
   */
  public void redirect(IscsiOptions.@Nullable Redirection moved) {
    redirection = moved;
  }

  /** Ends a session whose initiator would not get in any more, if there is one. */
  void endIfUnwanted(IscsiConnection connection) {
    LiveSession session = connection.live();
    if (session != null && !access.keeps(session.identity())) {
      var _ = connection.terminate("the access rules have changed");
    }
  }

  /** Whether all portals listen. */
  public boolean isListening() {
    return listeners.stream().allMatch(Channel::isActive);
  }

  /** Where the first portal listens. */
  public InetSocketAddress address() {
    return addresses().getFirst();
  }

  /** Where the portals listen. */
  public List<InetSocketAddress> addresses() {
    return listeners.stream().map(listener -> (InetSocketAddress) listener.localAddress()).toList();
  }

  /** The portals that an initiator can reach which has come in on an address. */
  List<InetSocketAddress> portals(InetSocketAddress local) {
    return Portals.reachable(addresses(), local);
  }

  /**
   * What an initiator is told that has come in on an address: TargetAddress, one for each portal.
   */
  List<String> addresses(InetSocketAddress local) {
    return portals(local).stream()
        .map(address -> Portals.text(address) + "," + PORTAL_GROUP_TAG)
        .toList();
  }

  /** Connections, logins and task management, until now. */
  public PortalStatistics statistics() {
    return counters.statistics(
        connections.size(),
        (int) live().filter(session -> !session.established().discovery()).count(),
        (int) live().filter(session -> session.established().discovery()).count(),
        bufferBudget.usedBytes() + earlyBudget.usedBytes());
  }

  /** What went over the wire so far. */
  public Traffic traffic() {
    TrafficCounters sum = new TrafficCounters();
    synchronized (ended) { // or a session that ends meanwhile counts twice or not at all
      sum.add(ended);
      live().forEach(session -> sum.add(session.counters()));
    }
    return sum.traffic();
  }

  /**
   * Stops listening, asks the initiators to log out, and ends the sessions of those that do not;
   * within seconds even if the device does not finish a command.
   */
  @Override
  public void close() {
    listeners.forEach(listener -> listener.close().awaitUninterruptibly());
    if (!ends(connection -> connection.askForLogout(LOGOUT_SECONDS), LOGOUT_SECONDS)
        && !ends(connection -> connection.terminate("the portal closes"), CLOSE_TIMEOUT_SECONDS)) {
      System.getLogger(IscsiTarget.class.getName())
          .log(System.Logger.Level.WARNING, "sessions did not end in time");
    }
    if (group != null) {
      group.shutdownGracefully(0, CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  /** Does something that ends connections; whether all have ended in time. */
  private boolean ends(Function<IscsiConnection, CompletableFuture<?>> end, long seconds) {
    CompletableFuture<?>[] ends =
        connections.stream().map(end).toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(ends).get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends all sessions as if their connections had failed. */
  void dropSessions(String reason) {
    sessions
        .values()
        .forEach(connection -> {
          var _ = connection.terminate(reason);
        });
  }

  TargetDevice device() {
    return device;
  }

  Limits limits() {
    return limits;
  }

  /** For the buffers of commands. */
  BufferBudget bufferBudget() {
    return bufferBudget;
  }

  /** For data that come before their command has a buffer, and for pings on their way back. */
  BufferBudget earlyBudget() {
    return earlyBudget;
  }

  IscsiOptions options() {
    return options;
  }

  Lobby lobby() {
    return lobby;
  }

  RefusalLog refusals() {
    return refusals;
  }

  PortalCounters counters() {
    return counters;
  }

  /**
   * A connection makes no session.
   *
   * @param reason one of those of {@link PortalStatistics#refused}
   * @param problem for people
   */
  void refused(InetAddress remote, String reason, String problem) {
    counters.refused(reason);
    LoginRefusedEvent.of(remote.getHostAddress(), reason, problem);
  }

  /** What a target brings to a login from an address. */
  TargetLogin.Policy loginPolicy(InetAddress remote) {
    return new TargetLogin.Policy(
        device.name(),
        PORTAL_GROUP_TAG,
        COMMAND_WINDOW,
        VALUES,
        this::newTsih,
        this::hasSession,
        new PortalGate(access, redirection, remote),
        options.random());
  }

  /** Makes a connection the one of its nexus; returns the one it replaces, which has to end. */
  @Nullable IscsiConnection enter(Nexus nexus, IscsiConnection connection) {
    return sessions.put(nexus, connection);
  }

  /** The connection's session has ended. */
  void leave(Nexus nexus, IscsiConnection connection) {
    sessions.remove(nexus, connection);
  }

  /** The connection is closed. */
  void forget(IscsiConnection connection) {
    synchronized (ended) {
      connections.remove(connection);
      LiveSession session = connection.live();
      if (session != null) {
        ended.add(session.counters());
        listener.loggedOut(session.status());
      }
    }
  }
}
