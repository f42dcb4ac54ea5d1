#!/bin/sh
':' //; exec node -- "$0" "$@"
// A shell script in its first lines, for one reason: started by name, node takes some of our options (--env-file) for
// its own, unless it is told that none of them are. From here on it is JavaScript, for which the line above says nothing.
// Read by any Node there is, so in the oldest syntax: an old one must get as far as the first message. Below
// 22.14 the database driver ends the process without a word.
'use strict';

var found = process.versions.node.split('.');
if (Number(found[0]) < 22 || (Number(found[0]) === 22 && Number(found[1]) < 14)) {
  process.stderr.write(
    'codepiper needs Node 22.14 or newer; this is ' +
      process.versions.node +
      ' at ' +
      process.execPath +
      '. Install Node 24 (https://nodejs.org, or your version manager), then run npm install -g codepiper with it.\n',
  );
  process.exitCode = 1;
} else {
  // Compiled code is kept between runs, in the user's own cache: Node's default lies in /tmp, where another
  // user could put code of theirs in its place. Where the folder cannot be written Node goes on without.
  var cache = process.env.XDG_CACHE_HOME || (process.env.HOME && process.env.HOME + '/.cache');
  if (process.env.NODE_COMPILE_CACHE) require('node:module').enableCompileCache();
  else if (cache) require('node:module').enableCompileCache(cache + '/codepiper');
  require('../dist/main.cjs');
}
