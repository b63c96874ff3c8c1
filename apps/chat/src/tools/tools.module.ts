import { Module } from '@nestjs/common';
import { EgressModule } from '@parley/egress';
import { HttpToolClient } from './http-tool.client.js';

@Module({ imports: [EgressModule], providers: [HttpToolClient], exports: [HttpToolClient] })
export class ToolsModule {}
