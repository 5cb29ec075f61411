/** What is asked of a model; each operation has one upstream path per wire. */
export type Operation = 'chat' | 'completion' | 'embedding'
