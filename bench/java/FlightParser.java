package windsock.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** Airline and day of a flight by Jackson's streaming parser; not for use by several threads. */
final class FlightParser {
    private final JsonFactory factory = new JsonFactory();
    private final boolean stopsEarly;
    private int year;
    private int month;
    String airline;

    /** Of the month. */
    int day;

    FlightParser(boolean stopsEarly) {
        this.stopsEarly = stopsEarly;
    }

    void parse(byte[] value) throws IOException {
        int wanted = 4;
        try (JsonParser parser = factory.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "YEAR" -> year = parser.getIntValue();
                    case "MONTH" -> month = parser.getIntValue();
                    case "DAY" -> day = parser.getIntValue();
                    case "AIRLINE" -> airline = parser.getText();
                    default -> {
                        if (token.isStructStart()) parser.skipChildren();
                        continue;
                    }
                }
                if (--wanted == 0 && stopsEarly) return;
            }
            if (!stopsEarly && parser.nextToken() != null) throw new IOException("more than one value");
        }
        if (wanted > 0) throw new IOException("a column is missing");
    }

    /** 20150131 */
    int date() {
        return (year * 100 + month) * 100 + day;
    }

    static String group(String airline, int date) {
        return "%s %04d-%02d-%02d".formatted(airline, date / 10_000, date / 100 % 100, date % 100);
    }
}
