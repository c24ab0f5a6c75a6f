package windsock.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Both indicators of every bar in two threads, with one producer; the windows are in memory only. */
public final class JacksonIndicators {
    private static final int THREADS = 2;

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args);
        harness.awaitGo();
        Properties settings = Clients.producer("");
        settings.put("bootstrap.servers", harness.get("brokers"));
        ByteArraySerializer bytes = new ByteArraySerializer();
        AtomicReference<Exception> refused = new AtomicReference<>();
        long records = 0;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, bytes, bytes)) {
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            List<Callable<Long>> works = new ArrayList<>();
            for (List<Harness.Span> share : Clients.shares(harness.spans(), THREADS)) {
                works.add(() -> work(harness, share, producer, refused));
            }
            for (Future<Long> part : pool.invokeAll(works)) records += part.get();
            producer.flush();
            if (refused.get() != null) throw refused.get();
            harness.report(System.currentTimeMillis(), records, null);
        }
    }

    private static long work(
            Harness harness,
            List<Harness.Span> share,
            KafkaProducer<byte[], byte[]> producer,
            AtomicReference<Exception> refused)
            throws Exception {
        BarWindows bars = new BarWindows();
        Map<String, BarWindows.Window> windows = new HashMap<>();
        long expected = share.stream().mapToLong(span -> span.to() - span.from()).sum();
        try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(harness, share)) {
            for (long left = expected; left > 0; ) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Clients.POLL);
                if (!records.isEmpty()) harness.noteFirst();
                left -= records.count();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    bars.parse(record.value());
                    BarWindows.Window window = windows.computeIfAbsent(bars.symbol, each -> new BarWindows.Window());
                    bars.addTo(window);
                    send(producer, harness.get("bollinger"), record.key(), bars.bollinger(window), refused);
                    send(producer, harness.get("aroon"), record.key(), bars.aroon(window), refused);
                }
            }
        }
        return expected;
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer,
            String topic,
            byte[] key,
            byte[] value,
            AtomicReference<Exception> refused) {
        if (value == null) return;
        producer.send(new ProducerRecord<>(topic, key, value), (metadata, error) -> {
            if (error != null) refused.set(error);
        });
    }
}
