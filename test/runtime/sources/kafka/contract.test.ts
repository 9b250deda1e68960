import { sourceContract } from "../../../contract/source.ts";
import { sharedBroker } from "../../../kafka/shared-broker.ts";
import { KafkaPlace } from "../../kafka/kafka-place.ts";

sourceContract("the Kafka source", async () => {
  const place = new KafkaPlace((await sharedBroker()).bootstrap);
  const topic = await place.topic(2);
  return {
    bounded: false,
    open: (format) => place.source({ topics: [topic] }, { format }),
    produce: (stream, texts) => place.produce(topic, stream, texts),
    split: (stream) => `${topic}/${stream}`,
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
});
