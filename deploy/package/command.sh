#!/bin/sh
# Runs the current version with its own Node.
exec @ROOT@/current/bin/node @ROOT@/current/bin/gengfu.js "$@"
