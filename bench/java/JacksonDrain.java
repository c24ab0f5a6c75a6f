package windsock.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Counts flights by airline and day in two threads, each with half of the records. */
public final class JacksonDrain {
    private static final int THREADS = 2;

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args);
        harness.awaitGo();
        List<List<Harness.Span>> shares = Clients.shares(harness.spans(), THREADS);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<Callable<Map<String, Long>>> works = new ArrayList<>();
        for (List<Harness.Span> share : shares) works.add(() -> drain(harness, share));
        Map<String, Long> counts = new HashMap<>();
        for (Future<Map<String, Long>> part : pool.invokeAll(works)) {
            part.get().forEach((group, count) -> counts.merge(group, count, Long::sum));
        }
        long to = System.currentTimeMillis();
        harness.report(to, counts.values().stream().mapToLong(Long::longValue).sum(), counts);
    }

    private static Map<String, Long> drain(Harness harness, List<Harness.Span> share) throws Exception {
        FlightParser parser = new FlightParser(harness.get("mode").equals("early-stop"));
        Map<String, Map<Integer, long[]>> flights = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(harness, share)) {
            for (long left = share.stream().mapToLong(span -> span.to() - span.from()).sum(); left > 0; ) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Clients.POLL);
                if (!records.isEmpty()) harness.noteFirst();
                left -= records.count();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    parser.parse(record.value());
                    flights.computeIfAbsent(parser.airline, each -> new HashMap<>())
                            .computeIfAbsent(parser.date(), each -> new long[1])[0]++;
                }
            }
            Map<String, Long> counts = new HashMap<>();
            flights.forEach((airline, days) ->
                    days.forEach((date, count) -> counts.put(FlightParser.group(airline, date), count[0])));
            return counts;
        }
    }
}
