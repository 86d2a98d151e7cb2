import kafkajs from 'kafkajs';
import { pack, unpack } from 'msgpackr';

const kafka = new kafkajs.Kafka({
  brokers: (process.argv[2] ?? '127.0.0.1:9092').split(','),
  logLevel: kafkajs.logLevel.ERROR,
});
const consumer = kafka.consumer({ groupId: 'example-echo' });
const producer = kafka.producer();

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: ['ws.upstream'], fromBeginning: false });
await consumer.run({
  eachMessage: async ({ message: { key, value, headers } }) => {
    const kind = headers['X-Event'].toString();
    console.log(`${kind} of socket ${key}, user "${headers['X-Uid'] ?? ''}"`);
    if (kind !== 'Message') return;
    const [event, ...args] = unpack(value);
    // The key is the socket; whatever is an argument here is one there, bytes too.
    await producer.send({
      topic: 'ws.downstream',
      messages: [
        {
          key,
          value: pack([`${event} from Kafka`, ...args]),
          headers: {
            'X-Operator': 'unicast',
            'X-Push-Client-ID': 'example-echo',
            // The answer belongs to the trace of what it answers.
            traceparent: headers.traceparent,
          },
        },
      ],
    });
  },
});
console.log('echoing');

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await consumer.disconnect();
    await producer.disconnect();
  });
}
