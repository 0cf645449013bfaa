// Dates that the page shows, and the right answers. Their days are held out of training.
export const SHOWN = [
  ["二〇二六年十一月廿二日", "2026-11-22"],
  ["Nov. 22nd, 2026", "2026-11-22"],
  ["the 3rd of May, 1998", "1998-05-03"],
];
