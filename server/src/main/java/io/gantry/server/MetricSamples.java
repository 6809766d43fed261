package io.gantry.server;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The samples of one scrape, as Prometheus reads them. */
final class MetricSamples {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final Map<Metric, List<CounterDataPointSnapshot>> counters = new EnumMap<>(Metric.class);
  private final Map<Metric, List<GaugeDataPointSnapshot>> gauges = new EnumMap<>(Metric.class);
  private final Map<Metric, List<SummaryDataPointSnapshot>> summaries = new EnumMap<>(Metric.class);
  private final Map<Metric, List<HistogramDataPointSnapshot>> histograms =
      new EnumMap<>(Metric.class);

  /** As below. */
  void add(Metric metric, long value, String... labels) {
    add(metric, (double) value, labels); // exact up to 2^53
  }

  /**
   * Adds a sample of a counter or gauge.
   *
   * @param labels values of the metric's labels
   */
  void add(Metric metric, double value, String... labels) {
    switch (metric.type()) {
      case COUNTER ->
          of(counters, metric)
              .add(
                  CounterDataPointSnapshot.builder()
                      .value(value)
                      .labels(labels(metric, labels))
                      .build());
      case GAUGE ->
          of(gauges, metric)
              .add(
                  GaugeDataPointSnapshot.builder()
                      .value(value)
                      .labels(labels(metric, labels))
                      .build());
      default -> throw new IllegalArgumentException(metric + " needs more than a value");
    }
  }

  void addSummary(Metric metric, long count, double sum, String... labels) {
    of(summaries, metric)
        .add(
            SummaryDataPointSnapshot.builder()
                .count(count)
                .sum(sum)
                .labels(labels(metric, labels))
                .build());
  }

  /**
   * Adds a sample of a histogram.
   *
   * @param bounds upper bounds of the buckets, inclusive; the last is infinity
   * @param counts how many each bucket alone has
   */
  void addHistogram(Metric metric, double[] bounds, long[] counts, double sum, String... labels) {
    of(histograms, metric)
        .add(
            HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts))
                .sum(sum)
                .labels(labels(metric, labels))
                .build());
  }

  private static <T> List<T> of(Map<Metric, List<T>> points, Metric metric) {
    return points.computeIfAbsent(metric, _ -> new ArrayList<>());
  }

  private static Labels labels(Metric metric, String... values) {
    return Labels.of(metric.labels().toArray(String[]::new), values);
  }

  /** In the text format, version 0.0.4. */
  byte[] text() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MetricSnapshots all = new MetricSnapshots(snapshots());
    PrometheusTextFormatWriter.create().write(out, all, EscapingScheme.UNDERSCORE_ESCAPING);
    return out.toByteArray();
  }

  private List<MetricSnapshot> snapshots() {
    List<MetricSnapshot> all = new ArrayList<>();
    counters.forEach((metric, points) -> {
      CounterSnapshot.Builder builder =
          CounterSnapshot.builder().name(metric.base()).help(metric.help());
      points.forEach(builder::dataPoint);
      all.add(builder.build());
    });
    gauges.forEach((metric, points) -> {
      GaugeSnapshot.Builder builder =
          GaugeSnapshot.builder().name(metric.base()).help(metric.help());
      points.forEach(builder::dataPoint);
      all.add(builder.build());
    });
    summaries.forEach((metric, points) -> {
      SummarySnapshot.Builder builder =
          SummarySnapshot.builder().name(metric.base()).help(metric.help());
      points.forEach(builder::dataPoint);
      all.add(builder.build());
    });
    histograms.forEach((metric, points) -> {
      HistogramSnapshot.Builder builder =
          HistogramSnapshot.builder().name(metric.base()).help(metric.help());
      points.forEach(builder::dataPoint);
      all.add(builder.build());
    });
    return all;
  }
}
