package windsock.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * Counts flights by airline and day in a store per partition, added up at the end. The store has no changelog: nobody keeps
 * state in this job.
 */
public final class StreamsDrain {
    private static final String STORE = "flights";

    public static void main(String[] args) throws Exception {
        Harness harness = new Harness(args);
        harness.awaitGo();
        AtomicLong left = new AtomicLong(harness.records());
        CountDownLatch done = new CountDownLatch(1);
        Topology topology = new Topology();
        topology.addSource("in", harness.get("topic"));
        topology.addProcessor("count", () -> new Counting(harness, left, done), "in");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.Long())
                        .withLoggingDisabled(),
                "count");
        KafkaStreams streams = Topologies.start(harness, topology, new Properties());
        done.await();
        long to = System.currentTimeMillis();
        Map<String, Long> counts = new HashMap<>();
        var query = StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.<String, Long>keyValueStore());
        try (KeyValueIterator<String, Long> all = streams.store(query).all()) {
            while (all.hasNext()) {
                KeyValue<String, Long> entry = all.next();
                String[] parts = entry.key.split(" ");
                counts.merge(FlightParser.group(parts[0], Integer.parseInt(parts[1])), entry.value, Long::sum);
            }
        }
        harness.report(to, counts.values().stream().mapToLong(Long::longValue).sum(), counts);
    }

    private static final class Counting implements Processor<byte[], byte[], Void, Void> {
        private final Harness harness;
        private final AtomicLong left;
        private final CountDownLatch done;
        private final FlightParser parser = new FlightParser(false);
        private KeyValueStore<String, Long> store;

        Counting(Harness harness, AtomicLong left, CountDownLatch done) {
            this.harness = harness;
            this.left = left;
            this.done = done;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            harness.noteFirst();
            try {
                parser.parse(record.value());
            } catch (java.io.IOException error) {
                throw new java.io.UncheckedIOException(error);
            }
            String key = parser.airline + ' ' + parser.date();
            Long count = store.get(key);
            store.put(key, count == null ? 1 : count + 1);
            if (left.decrementAndGet() == 0) done.countDown();
        }
    }
}
