// A connection of Microsoft's client to HUB_URL with HUB_KEY. Tests tell it what to do, a line of
// JSON each on standard input, [name, ...arguments]; what happens is told on standard output alike.
const readline = require('readline');
const signalR = require('@microsoft/signalr');

const say = (...words) => console.log(JSON.stringify(words));
const options = { accessTokenFactory: () => process.env.HUB_KEY };
if (process.env.HUB_SKIP_NEGOTIATION) {
  options.skipNegotiation = true;
  options.transport = signalR.HttpTransportType.WebSockets;
}
const builder = new signalR.HubConnectionBuilder()
  .withUrl(process.env.HUB_URL, options)
  .configureLogging(signalR.LogLevel.None);
if (process.env.HUB_RECONNECT) {
  builder.withAutomaticReconnect(new Array(200).fill(50));
}
const connection = builder.build();
connection.on('executionEvents', (event) => say('event', event));
connection.onreconnecting((error) => say('reconnecting', error && error.message));
connection.onreconnected((id) => say('reconnected', id));
connection.onclose((error) => say('closed', error ? error.message : null));

const verbs = {
  invoke: async (...call) => say('returned', await connection.invoke(...call)),
  send: (...call) => connection.send(...call),
  stop: () => connection.stop(),
  stream: (...call) =>
    connection.stream(...call).subscribe({
      next: (item) => say('item', item),
      complete: () => say('complete'),
      error: (error) => say('rejected', error.message),
    }),
};
connection.start().then(
  () => {
    say('connected', connection.connectionId);
    readline.createInterface({ input: process.stdin }).on('line', async (line) => {
      const [name, ...words] = JSON.parse(line);
      try {
        await verbs[name](...words);
      } catch (error) {
        say('rejected', error.message);
      }
    });
  },
  (error) => say('refused', error.message),
);
