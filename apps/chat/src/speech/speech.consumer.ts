import { Controller } from '@nestjs/common';
import { StartSpeech, type StartSpeechReply, type StartSpeechRequest } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { SpeechService } from './speech.service.js';

@Controller()
export class SpeechConsumer {
  constructor(private readonly speech: SpeechService) {}

  @HandleRpc(StartSpeech)
  start(request: StartSpeechRequest, { tenant }: MessageContext): Promise<StartSpeechReply> {
    return this.speech.start(tenant, request);
  }
}
