import { Agent, createServer, request } from 'node:http';

/** The least that a proxy in Node can do: passes requests and answers on, byte for byte, over connections that are kept. */
const [targetPort, port] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port: targetPort, method, path, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}).listen(port, '127.0.0.1');
