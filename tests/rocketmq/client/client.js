'use strict';

// Drives npm's ali-ons for a test: takes one JSON command a line on standard
// input and answers each with one JSON line. Consumed messages are told as lines
// of their own. Its first argument is the list of nameservers, the second how
// often it asks for its routes, in milliseconds.
//
//   {"do": "send", "topic": T, "body": TEXT}  -> {"done": "send", "status": S,
//       "id": I, "broker": B, "queue": Q, "offset": O, "ms": M}
//   {"do": "route", "topic": T}    -> {"done": "route", "brokers": [...]}
//   {"do": "consume", "topic": T}  -> {"done": "consume"}
//   {"do": "close"}                ends the process
//
// A command that fails is answered with {"failed": ..., "error": TEXT}.

const readline = require('readline');
const { createRequire } = require('module');

// Modules are installed in the working directory, not beside this file.
const { Consumer, Producer, Message } =
  createRequire(process.cwd() + '/')('ali-ons');

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const options = {
  nameSrv: process.argv[2].split(','),
  httpclient: {},
  logger: process.env.CLIENT_LOG ? console : quiet,
  // As in the defaults but for the pace: a test does not wait for half a minute.
  pollNameServerInteval: Number(process.argv[3]),
  heartbeatBrokerInterval: 2000,
  rebalanceInterval: 1000,
};

const say = line => process.stdout.write(JSON.stringify(line) + '\n');
const noted = error => say({ noted: error.message });

const producer = new Producer(Object.assign({ producerGroup: 'test-producers' },
  options));
producer.on('error', noted);
let consumer = null;

const commands = {
  async send({ topic, body }) {
    await producer.ready();
    const started = Date.now();
    const result = await producer.send(new Message(topic, 'tag', body));
    return { status: result.sendStatus, id: result.msgId,
      broker: result.messageQueue.brokerName,
      queue: Number(result.messageQueue.queueId),
      offset: result.queueOffset, ms: Date.now() - started };
  },

  // Straight from a nameserver, past the client's cache.
  async route({ topic }) {
    await producer.ready();
    const started = Date.now();
    const route = await producer._mqClient
      .getTopicRouteInfoFromNameServer(topic, 3000);
    return { brokers: route.brokerDatas.map(each => each.brokerName),
      addresses: route.brokerDatas.map(each => each.brokerAddrs['0']),
      queues: route.queueDatas.map(each => each.writeQueueNums),
      ms: Date.now() - started };
  },

  async consume({ topic }) {
    consumer = new Consumer(Object.assign({ consumerGroup: 'test-consumers',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' }, options));
    consumer.on('error', noted);
    consumer.subscribe(topic, '*', async message => {
      say({ consumed: message.body.toString(), topic: message.topic,
        id: message.msgId });
    });
    await consumer.ready();
    return {};
  },
};

async function run(line) {
  const command = JSON.parse(line);
  if (command.do === 'close') process.exit(0);
  try {
    say(Object.assign({ done: command.do }, await commands[command.do](command)));
  } catch (error) {
    say({ failed: command.do, error: String(error.message), code: error.code });
  }
}

// One command after another.
let last = Promise.resolve();
readline.createInterface({ input: process.stdin }).on('line', line => {
  last = last.then(() => run(line));
}).on('close', () => process.exit(0));

process.on('unhandledRejection', error => noted(error));
