#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';
import { PROCESS_TERMINAL } from './terminal.js';

await runProgram(PROCESS_TERMINAL, process.argv.slice(2));
