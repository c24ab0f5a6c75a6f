package windsock.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;

/** The process's side of a run, as bench/process/serve-task.ts has it: ready, a line, the work, the report, the end of input. */
final class Harness {
    record Span(int partition, long from, long to) {}

    private final Map<String, String> values = new HashMap<>();
    private final AtomicLong firstAt = new AtomicLong();

    Harness(String[] args) {
        for (String arg : args) {
            int at = arg.indexOf('=');
            values.put(arg.substring(0, at), arg.substring(at + 1));
        }
    }

    String get(String name) {
        return values.get(name);
    }

    List<Span> spans() {
        List<Span> spans = new ArrayList<>();
        for (String text : get("spans").split(",")) {
            String[] parts = text.split(":");
            spans.add(new Span(Integer.parseInt(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2])));
        }
        return spans;
    }

    long records() {
        return spans().stream().mapToLong(span -> span.to() - span.from()).sum();
    }

    void awaitGo() throws IOException {
        System.out.println("{\"ready\":true}");
        while (System.in.read() != '\n') {}
    }

    /** To be called with every batch of records, as soon as it is there. */
    void noteFirst() {
        if (firstAt.get() == 0) firstAt.compareAndSet(0, System.currentTimeMillis());
    }

    /** Tells the report and ends the process once it may. @param counts null for a job that counts nothing */
    void report(long to, long records, Map<String, Long> counts) throws IOException {
        StringBuilder text = new StringBuilder("{\"report\":{\"from\":").append(firstAt.get());
        text.append(",\"to\":").append(to).append(",\"records\":").append(records);
        if (counts != null) {
            StringJoiner groups = new StringJoiner(",", "{", "}");
            counts.forEach((group, count) -> groups.add('"' + group + "\":" + count));
            text.append(",\"counts\":").append(groups);
        }
        System.out.println(text.append("}}"));
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
