package windsock.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The settings found best for the Java clients. */
final class Clients {
    static final Duration POLL = Duration.ofMillis(500);
    static final int POLL_RECORDS = 20_000;

    /** The spans of each thread: the largest first, each to whoever has the fewest records. */
    static List<List<Harness.Span>> shares(List<Harness.Span> spans, int threads) {
        List<List<Harness.Span>> shares = new ArrayList<>();
        for (int i = 0; i < threads; i++) shares.add(new ArrayList<>());
        Comparator<Harness.Span> bySize = Comparator.comparingLong(span -> span.to() - span.from());
        spans.stream().sorted(bySize.reversed()).forEach(span -> shares.stream()
                .min(Comparator.comparingLong(share -> share.stream().mapToLong(each -> each.to() - each.from()).sum()))
                .orElseThrow()
                .add(span));
        return shares;
    }

    static KafkaConsumer<byte[], byte[]> consumer(Harness harness, List<Harness.Span> spans) {
        Properties settings = new Properties();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, harness.get("brokers"));
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        settings.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, 2_097_152);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes);
        consumer.assign(spans.stream().map(span -> partition(harness, span)).toList());
        for (Harness.Span span : spans) consumer.seek(partition(harness, span), span.from());
        return consumer;
    }

    private static TopicPartition partition(Harness harness, Harness.Span span) {
        return new TopicPartition(harness.get("topic"), span.partition());
    }

    /** Idempotent, acknowledged by all, in batches of a good size. */
    static Properties producer(String prefix) {
        Properties settings = new Properties();
        settings.put(prefix + ProducerConfig.ACKS_CONFIG, "all");
        settings.put(prefix + ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(prefix + ProducerConfig.BATCH_SIZE_CONFIG, 131_072);
        settings.put(prefix + ProducerConfig.LINGER_MS_CONFIG, 5);
        settings.put(prefix + ProducerConfig.BUFFER_MEMORY_CONFIG, 67_108_864);
        return settings;
    }
}
