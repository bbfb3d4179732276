import { GenericContainer, Wait } from 'testcontainers';
import { read, step } from './transcript.mjs';

// Drives an engine as users of testcontainers do. DOCKER_HOST: the engine; CLIENT_IMAGE: an image with busybox.
const image = process.env.CLIENT_IMAGE;
// The library does not keep the program alive while it waits for a log.
setInterval(() => {}, 1000);
const sleep = ['sleep', '1000'];

/** A busybox web server whose page is copied into the container before it starts. */
const server = () =>
  new GenericContainer(image)
    .withCommand(['sh', '-c', 'echo serving; exec httpd -f -p 80 -h /www'])
    .withCopyContentToContainer([{ content: 'a page\n', target: '/www/index.html' }])
    .withExposedPorts(80);
const page = async (container) =>
  (await fetch(`http://${container.getHost()}:${container.getMappedPort(80)}/index.html`)).text();

await step('a server, waited for by its log', async () => {
  const container = await server().withWaitStrategy(Wait.forLogMessage('serving')).start();
  const text = await page(container);
  await container.stop();
  return text;
});
await step('a server, waited for by its port and its page', async () => {
  const waits = [Wait.forListeningPorts(), Wait.forHttp('/index.html', 80)];
  const container = await server().withWaitStrategy(Wait.forAll(waits)).start();
  const text = await page(container);
  await container.stop();
  return text;
});
await step('one that is healthy after a while', async () => {
  const container = await new GenericContainer(image)
    .withCommand(['sh', '-c', 'sleep 0.5; touch /tmp/up; exec sleep 1000'])
    .withHealthCheck({ test: ['CMD-SHELL', 'test -e /tmp/up'], interval: 100, timeout: 5000, retries: 50 })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  await container.stop();
  return 'healthy';
});
await step('one that is never healthy', async () => {
  const container = new GenericContainer(image)
    .withCommand(sleep)
    .withHealthCheck({ test: ['CMD-SHELL', 'false'], interval: 50, timeout: 5000, retries: 2 })
    .withWaitStrategy(Wait.forHealthCheck());
  const message = await container.start().then(
    () => 'healthy',
    (error) => error.message,
  );
  return message.replace(/[0-9a-f]{64}/, 'ID');
});
await step('exec, environment, labels, user and working directory', async () => {
  const container = await new GenericContainer(image)
    .withCommand(sleep)
    .withEnvironment({ WORD: 'value' })
    .withLabels({ purpose: 'test' })
    .withUser('1000')
    .withWorkingDir('/tmp')
    .start();
  const { output, exitCode } = await container.exec(['sh', '-c', 'id -u; pwd; echo $WORD; exit 6']);
  const label = container.getLabels().purpose;
  await container.stop();
  return { output, exitCode, label };
});
await step('a one-shot, its exit and its log', async () => {
  const container = await new GenericContainer(image)
    .withCommand(['sh', '-c', 'echo done'])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  const log = (await read(await container.logs())).toString();
  await container.stop();
  return log;
});
await step('files are copied in and out of a running one', async () => {
  const container = await new GenericContainer(image).withCommand(sleep).start();
  await container.copyContentToContainer([{ content: 'copied\n', target: '/tmp/file', mode: 0o640 }]);
  const { output } = await container.exec(['sh', '-c', 'cat /tmp/file; stat -c %a /tmp/file']);
  const archive = await read(await container.copyArchiveFromContainer('/tmp/file'));
  await container.stop();
  return { output, archived: archive.includes('copied\n') };
});
await step('restart', async () => {
  const container = await server().withWaitStrategy(Wait.forLogMessage('serving')).start();
  await container.restart({ timeout: 1 });
  const text = await page(container);
  await container.stop();
  return text;
});
await step('an image that is not there', async () => {
  const container = new GenericContainer('no-such-image:here').withPullPolicy({ shouldPull: () => false });
  return await container.start().then(
    () => 'started',
    () => 'refused',
  );
});
if (process.env.CLIENT_LEAVES) {
  await step('left to the reaper', async () => {
    const container = await new GenericContainer(image).withCommand(sleep).withLabels({ left: 'behind' }).start();
    return container.getId().length;
  });
}
process.exit(0);
