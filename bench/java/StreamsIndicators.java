package windsock.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Both indicators of every bar, the windows in a state store with its changelog and cache, as Streams comes. Done when every
 * result is acknowledged, and with exactly-once committed as well.
 */
public final class StreamsIndicators {
    private static final String STORE = "windows";
    private static final AtomicLong LEFT = new AtomicLong();
    private static final CountDownLatch ACKNOWLEDGED = new CountDownLatch(1);
    private static volatile List<String> results = List.of();

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args);
        boolean isExact = harness.get("mode").equals("exactly-once");
        harness.awaitGo();
        results = List.of(harness.get("bollinger"), harness.get("aroon"));
        LEFT.set(Long.parseLong(harness.get("resultCount")));
        Topology topology = new Topology();
        topology.addSource("in", harness.get("topic"));
        topology.addProcessor("indicate", () -> new Indicating(harness), "in");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                        .withLoggingEnabled(Map.of())
                        .withCachingEnabled(),
                "indicate");
        topology.addSink("bollinger", harness.get("bollinger"), "indicate");
        topology.addSink("aroon", harness.get("aroon"), "indicate");
        Properties settings = Clients.producer(StreamsConfig.PRODUCER_PREFIX);
        settings.put(
                StreamsConfig.producerPrefix(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG),
                Acknowledged.class.getName());
        settings.put(
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                isExact ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        Topologies.start(harness, topology, settings);
        ACKNOWLEDGED.await();
        if (isExact) awaitCommitted(harness);
        harness.report(System.currentTimeMillis(), harness.records(), null);
    }

    /** Until readers of committed results can read as far as all others. */
    private static void awaitCommitted(Harness harness) throws InterruptedException {
        try (KafkaConsumer<byte[], byte[]> all = watcher(harness, "read_uncommitted");
                KafkaConsumer<byte[], byte[]> committed = watcher(harness, "read_committed")) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : results) {
                for (PartitionInfo info : all.partitionsFor(topic)) {
                    partitions.add(new TopicPartition(topic, info.partition()));
                }
            }
            while (!all.endOffsets(partitions).equals(committed.endOffsets(partitions))) Thread.sleep(2);
        }
    }

    private static KafkaConsumer<byte[], byte[]> watcher(Harness harness, String isolation) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, harness.get("brokers"));
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Hears of every result that the brokers have taken. */
    public static final class Acknowledged implements ProducerInterceptor<byte[], byte[]> {
        @Override
        public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
            return record;
        }

        @Override
        public void onAcknowledgement(RecordMetadata metadata, Exception error) {
            if (error != null || !results.contains(metadata.topic())) return;
            if (LEFT.decrementAndGet() == 0) ACKNOWLEDGED.countDown();
        }

        @Override
        public void close() {}

        @Override
        public void configure(Map<String, ?> settings) {}
    }

    private static final class Indicating implements Processor<byte[], byte[], byte[], byte[]> {
        private final Harness harness;
        private final BarWindows bars = new BarWindows();
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<String, byte[]> store;

        Indicating(Harness harness) {
            this.harness = harness;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> given) {
            context = given;
            store = given.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            harness.noteFirst();
            try {
                bars.parse(record.value());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            BarWindows.Window window = BarWindows.Window.of(store.get(bars.symbol));
            bars.addTo(window);
            store.put(bars.symbol, window.toBytes());
            byte[] bollinger = bars.bollinger(window);
            if (bollinger != null) context.forward(record.withValue(bollinger), "bollinger");
            byte[] aroon = bars.aroon(window);
            if (aroon != null) context.forward(record.withValue(aroon), "aroon");
        }
    }
}
