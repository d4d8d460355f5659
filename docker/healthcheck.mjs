// Whether the hub in this container is ready; exit code 0 or 1, and why it is not on standard error.
const url = `http://127.0.0.1:${process.env.CROSSDOCK_PORT ?? '8080'}/health/ready`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) {
    process.stderr.write(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 1_000)}\n`);
    process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${url} did not answer: ${error.message}\n`);
  process.exitCode = 1;
}
