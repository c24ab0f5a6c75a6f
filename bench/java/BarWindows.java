package windsock.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.NumberOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A bar by Jackson's streaming parser, and both indicators over the windows of its symbol; not for several threads. */
final class BarWindows {
    static final int CLOSES = 20;
    static final int EXTREMES = 26;

    /** The newest closes, highs and lows of a symbol, in rings. */
    static final class Window {
        /** How many bars came so far. */
        long bars;

        final double[] closes = new double[CLOSES];
        final double[] highs = new double[EXTREMES];
        final double[] lows = new double[EXTREMES];

        byte[] toBytes() {
            ByteBuffer bytes = ByteBuffer.allocate(8 * (1 + CLOSES + 2 * EXTREMES)).putLong(bars);
            for (double close : closes) bytes.putDouble(close);
            for (double high : highs) bytes.putDouble(high);
            for (double low : lows) bytes.putDouble(low);
            return bytes.array();
        }

        static Window of(byte[] stored) {
            Window window = new Window();
            if (stored == null) return window;
            ByteBuffer bytes = ByteBuffer.wrap(stored);
            window.bars = bytes.getLong();
            for (int i = 0; i < CLOSES; i++) window.closes[i] = bytes.getDouble();
            for (int i = 0; i < EXTREMES; i++) window.highs[i] = bytes.getDouble();
            for (int i = 0; i < EXTREMES; i++) window.lows[i] = bytes.getDouble();
            return window;
        }
    }

    private final JsonFactory factory =
            JsonFactory.builder().enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER).build();
    private final StringBuilder text = new StringBuilder();
    String symbol;
    private String date;
    private double high;
    private double low;
    private double close;

    void parse(byte[] value) throws IOException {
        try (JsonParser parser = factory.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "Label" -> symbol = parser.getText();
                    case "Date" -> date = parser.getText();
                    case "High" -> high = parser.getDoubleValue();
                    case "Low" -> low = parser.getDoubleValue();
                    case "Close" -> close = parser.getDoubleValue();
                    default -> {
                        if (token.isStructStart()) parser.skipChildren();
                    }
                }
            }
        }
    }

    void addTo(Window window) {
        window.closes[(int) (window.bars % CLOSES)] = close;
        window.highs[(int) (window.bars % EXTREMES)] = high;
        window.lows[(int) (window.bars % EXTREMES)] = low;
        window.bars++;
    }

    /** Null while the window is not full. */
    byte[] bollinger(Window window) {
        if (window.bars < CLOSES) return null;
        double sum = 0;
        for (int i = 0; i < CLOSES; i++) sum += window.closes[(int) ((window.bars + i) % CLOSES)];
        double middle = sum / CLOSES;
        double squares = 0;
        for (int i = 0; i < CLOSES; i++) {
            double off = window.closes[(int) ((window.bars + i) % CLOSES)] - middle;
            squares += off * off;
        }
        double width = 2 * Math.sqrt(squares / CLOSES);
        begin();
        number("close", close);
        number("middle", middle);
        number("upper", middle + width);
        number("lower", middle - width);
        return end();
    }

    /** Null while the window is not full. */
    byte[] aroon(Window window) {
        if (window.bars < EXTREMES) return null;
        int highest = 0;
        int lowest = 0;
        double most = Double.NEGATIVE_INFINITY;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < EXTREMES; i++) {
            int at = (int) ((window.bars + i) % EXTREMES);
            if (window.highs[at] >= most) {
                most = window.highs[at];
                highest = i;
            }
            if (window.lows[at] <= least) {
                least = window.lows[at];
                lowest = i;
            }
        }
        double up = 100.0 * highest / (EXTREMES - 1);
        double down = 100.0 * lowest / (EXTREMES - 1);
        begin();
        number("up", up);
        number("down", down);
        number("oscillator", up - down);
        return end();
    }

    private void begin() {
        text.setLength(0);
        text.append("{\"symbol\":\"").append(symbol).append("\",\"date\":\"").append(date).append('"');
    }

    private void number(String name, double value) {
        text.append(",\"").append(name).append("\":").append(NumberOutput.toString(value, true));
    }

    private byte[] end() {
        return text.append('}').toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
