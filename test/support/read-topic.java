import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What Kafka's own consumer finds in a topic, from its beginning to its present end. Each line asked, a topic and an isolation
 * level, is answered by one line for each record (partition, key, value) and an empty one.
 */
class ReadTopic {
  public static void main(String[] args) throws Exception {
    var questions = new BufferedReader(new InputStreamReader(System.in));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      String[] question = line.split(" ");
      System.out.println(read(args[0], question[0], question[1]));
    }
  }

  private static String read(String brokers, String topic, String isolation) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("isolation.level", isolation);
    settings.put("enable.auto.commit", "false");
    StringBuilder found = new StringBuilder();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map((PartitionInfo info) -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch((each) -> consumer.position(each) < ends.get(each))) {
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          found.append(record.partition()).append('\t').append(record.key()).append('\t').append(record.value());
          found.append('\n');
        }
      }
    }
    return found.toString();
  }
}
