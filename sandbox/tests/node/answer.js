// Every script here: reads its arguments as JSON from stdin, does its work, prints the result as the last line of stdout.
const { text } = require("node:stream/consumers");

module.exports = async (work) => {
  console.log = console.error; // what a client logs is not the result
  const result = await work(JSON.parse(await text(process.stdin)));
  process.stdout.write(`\n${JSON.stringify(result ?? {})}\n`);
};
