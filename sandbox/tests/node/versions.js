// Names the installed version of each package.
const { readFileSync } = require("node:fs");

require("./answer")(({ names }) => {
  const versions = {};
  for (const name of names) versions[name] = JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
  return versions;
});
