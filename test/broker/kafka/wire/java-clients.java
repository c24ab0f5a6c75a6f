import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own clients, told by lines on the standard input what to do, as the judge of ours. A producer is made when it is first
 * named, transactional where its name begins with `t`; `COMPRESSION` is part of its name: `t1-lz4`, `p0-none`.
 *
 *   begin PRODUCER | commit PRODUCER | abort PRODUCER | flush PRODUCER
 *   send PRODUCER TOPIC PARTITION COUNT BYTES     keys and values by turns null, empty and full; some with headers
 *   read TOPIC committed|uncommitted              answered by `record PARTITION OFFSET KEY VALUE HEADERS` and `end PARTITION OFFSET`
 *
 * Every command is answered by a line `done` behind its answers.
 */
class JavaClients {
  static final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  static String brokers;
  static int sent = 0;

  public static void main(String[] args) throws Exception {
    brokers = args[0];
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "begin" -> producer(words[1]).beginTransaction();
        case "commit" -> producer(words[1]).commitTransaction();
        case "abort" -> producer(words[1]).abortTransaction();
        case "flush" -> producer(words[1]).flush();
        case "send" -> send(words);
        case "read" -> read(words[1], words[2]);
        default -> throw new IllegalArgumentException(line);
      }
      System.out.println("done");
      System.out.flush();
    }
    // A transaction that is open stays so.
    Runtime.getRuntime().halt(0);
  }

  static KafkaProducer<byte[], byte[]> producer(String name) {
    return producers.computeIfAbsent(name, (key) -> {
      Properties settings = new Properties();
      settings.put("bootstrap.servers", brokers);
      settings.put("batch.size", "4096");
      settings.put("linger.ms", "5");
      settings.put("compression.type", name.substring(name.indexOf('-') + 1));
      if (name.startsWith("t")) settings.put("transactional.id", name);
      var made = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
      if (name.startsWith("t")) made.initTransactions();
      return made;
    });
  }

  static void send(String[] words) {
    int bytes = Integer.parseInt(words[5]);
    for (int i = 0; i < Integer.parseInt(words[4]); i++, sent++) {
      byte[] key = sent % 5 == 0 ? null : sent % 5 == 1 ? new byte[0] : ("key " + sent).getBytes();
      byte[] value = sent % 7 == 0 ? null : sent % 7 == 1 ? new byte[0] : text(sent, bytes);
      var record = new ProducerRecord<>(words[2], Integer.valueOf(words[3]), key, value);
      if (sent % 3 == 0) record.headers().add("row", String.valueOf(sent).getBytes()).add("ümlaut", "ö".getBytes());
      producer(words[1]).send(record);
    }
  }

  static byte[] text(int seed, int bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; text.length() < bytes; i++) text.append(seed * 31 + i * i).append(i % 4 == 0 ? " " : ",ab");
    text.setLength(bytes);
    return text.toString().getBytes();
  }

  static void read(String topic, String isolation) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("isolation.level", "read_" + isolation);
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo info : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, info.partition()));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      StringBuilder answer = new StringBuilder();
      while (partitions.stream().anyMatch((each) -> consumer.position(each) < ends.get(each))) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          answer.append("record ").append(record.partition()).append(' ').append(record.offset()).append(' ');
          answer.append(shown(record.key())).append(' ').append(shown(record.value())).append(' ');
          record.headers().forEach((header) -> answer.append(header.key()).append('=').append(new String(header.value())).append(';'));
          answer.append('\n');
        }
      }
      for (TopicPartition each : partitions) answer.append("end ").append(each.partition()).append(' ').append(ends.get(each)).append('\n');
      System.out.print(answer);
    }
  }

  /** Null, or the length and what Java makes of the bytes. */
  static String shown(byte[] bytes) {
    return bytes == null ? "null" : bytes.length + ":" + java.util.Arrays.hashCode(bytes);
  }
}
