import { gauge } from '@parley/observability';

/** Connections on which answers or progress are told as they come. */
export const openStreams = gauge('parley_open_streams', 'Event streams and WebSockets that are open', ['surface']);
