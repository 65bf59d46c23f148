// Whether two texts say the same, with what is marked in them as telling who a patient is. Pure.
const marksOf = ({ phi }) => JSON.stringify((phi ?? []).map(({ start, end, kind }) => [start, end, kind]));

/** Whether everything that `known` says stands in `now`. Who sent no marks said nothing of them. */
export const saysTheSame = (known, now) =>
  known.text === now.text && (!known.phi || marksOf(known) === marksOf(now));
