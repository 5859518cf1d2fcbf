/* Gradient through time as whole matrices: the product of a network's Jacobians (9.1)
   and its singular values against the lag, before, during and after training. */
(function () {
"use strict";

// whole numbers of 16 bits, as in rnncourse/trained/countries.json
const MODEL = {"parts": 10000, "arrays": {"small_0.W_x": {"shape": [16, 12], "bytes": "6v8NBrj2tPeo+wYDx//xCAD//AKY/Mn9OvWI+Fr7awB1BMQGW/gX+xkEXQmu/XAIL/4xATYKivXn+CX9m/u+CbH4z/of+HD1a/mxCQgFdwWYADj66AF59dr3MPodB50GAPuY/zYHNgt6BIYBkAdc+RoCQvcv+C36GgWJBFL5aAMxBpT+bgCdAv8G1ApP9977bwRYCdAJ8wk/AjL2CgHy+H71BQqTCMD0HAIa/iX+1/pWBFL5IgS0BRMINwTX9K/4oQVcAjT3gvmcCpkHFfsp/UL1zP+C9033Yf+xAWL7sQYj+TsKugd+9jL9ggClAa0CbQStAH/6VgUv9VH5Lf2C+g78wvaa/WkCp/hs/xII1/5QAAf/SAIsB64KKQe1Ci//3/Wn+q4H7f9l+lz3cvV89rb9LwYZBiD1CQct9579bvvU/cn94vVD9jz+JQDh+j8E2vU9/+sJZ/svChUE0/UiB7P+9/oECeP2NgGk/Q0IJgNrBfsDSv2h/bX2HAb0CLcH"}, "small_0.W_h": {"shape": [12, 12], "bytes": "DPiBAA34y/lu+dsDSPnB/3kARQd690L4dPnlB/L7gwkUBG4B6//F/WoBbf3s/3ABLvcX+hsJ2fYx/ygLEwRSADr2lgX49838N/xV/iAATQloARoK5gbf+A8FB/g5+1EDuQN2CF/8BQDOBRj1Jwit9igAFf4Q+n4BUwm0/E751PvT9BcFlvp6+IH5fAb5BagIFwQ8/Nn8VQNFCREDqvqz+lf1cAKs+fL14wmt+Lj+OwNcAGr44/b9CNYBWwk4/FIDbP2A/yL50AORA8T/d/0N+cwHm/efBDX8j/oHAiT6mQI3AqH34QHOBHcElf7B9kP+6wPj+0gEggcd+hwAqgTiAPEAaAEj9+MAzwcpCqEGgwFEBYT6qPZO9kALKAc1+GkE"}, "small_0.b": {"shape": [12], "bytes": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "small_0.W_y": {"shape": [12, 8], "bytes": "hAjv+F/4eve7AwQI5PubAEYLPAPg9ID6Rgu3/lcGCvncCQz88vYb9dkFefmY+ZQAvQjQCOcImfkDB7cIPP5oBWr9+f0aBkYJDvw2B5MJmAUL/GQElAo8CWkF1wB3ALL1QgkBAgkJEghMAa36Bvj7/VIGzATu9bUIT/1dCjv8n/c3+Sv8TvgHCqX5nQTw/DD7Iwp/BS7+Hf2s+XH30/0QBHMFIPit+PYEU/fLChQB/vcmBowC1QcMCpIHkAhuCjEE"}, "small_0.b_y": {"shape": [8], "bytes": "kgm9AHz49vt2Amf3mgXD9Q=="}, "small_1200.W_x": {"shape": [16, 12], "bytes": "mwN1Dnvu2+P9FGnspAk0GS/iKCMr53gIqPtz953utP+/+zATDeRY/NADcQfXFbwIPQLw+x0hDvJ19ETw4BRD+eHrceZj5h/rVPdyAJAPxQhN7LoKt+wU8VcOZ+NvGKEA2ulxG30ChCKhGhgEcBTd6c0L3e6M/VoSPQue9d/l0/XW8ev3me61FNwTWBbC9hHtYu7lHiAfKBSXGv/xfRxZ6pXnPQxQ77YEABjC4bj8dOFv96bwMw1fHaP6LxXe/0/ivQRPAIv8f/4zBxoEfvYhAI37AAFO/In3Tv0G/+b+NwSO/BoD6wCc+dr+GQD3/m3/+P5R/MD+rAJ4+cn9evrl/V7/Nfy9/GECGvUA/3IEhwIIA7D+cADIAJIHpQP0/5YBj/QX+jIEKwAS/iz8l/fu+UEBOwNFAAj6UwFw+TYAwP9zAAv/Ufbt+dwBLgQJ+3wDcPf4/qwEJwAPB9QBRfjsBff94v7sA1D5of4F+JcCx//RArwBbfo4AZH7zQXQAoQD"}, "small_1200.W_h": {"shape": [12, 12], "bytes": "JBr7AQPz4veO4mv7Wv4lDtD/Khs6/oLuw/E1KMAG/A2QEpMOSv1K+ccBW/VQ+TEafuP/8lg0ve0EEPIM1Q/e8NrwKPLH2fgAwfj8C0L86R6hC2wX7OzB80kVw/KPBPQWcvAcFpsIAwSUG272fghK8gj6GfH27L0K5PylA13ztQgx+fQpBO5k8VgFuAgwB8AYJwBTAtMQ4vOpETT2nBHF8kHdpvMo5iTzEiTl9AP6Ev2J8cbmm/waEqX5xh7VBUnzRgHs/fDsgxeo/WEMWeCo/vIfGvUCFfcAhx0AEEnzLgCQ8Dbo2gOpFQb/9Bxr/kL7/wTT9ZLe8RKm9mcLoO2PAQITSgpKECkHXPsIIngJRAccDG0Tte+/8WwRQAFa8mMg"}, "small_1200.b": {"shape": [12], "bytes": "h/us/br9ggIUAWgB3/wTAaME+QAG/OoA"}, "small_1200.W_y": {"shape": [12, 8], "bytes": "Ch3sCZrnM+A67SYV9+6hGiIFNQhM5zAJRSCZ4i0kA+VHJ0fkUA/52BgQwOPoFKXv7/SQFrvrOQ5mIKIU0/a78TbzAuqWFEAbThRI+McYAOx15g4eRPG3HW0bne7lBlvlnyD+67Igg++H7H7nzRReFWAdiQzg90HqXObXGmLsJxCz5mIP6OCEHF4SlhC27RbmJB7eEwn6++al4hoDgfJ1GBDhwReG6HkbG/kAJQ/fYPqg9WkRWvlGIOoVp+Y+KbHy"}, "small_1200.b_y": {"shape": [8], "bytes": "dgKEC2T8a/zp/A/3uP0c+Q=="}, "orthogonal_0.W_x": {"shape": [16, 12], "bytes": "6v8NBrj2tPeo+wYDx//xCAD//AKY/Mn9OvWI+Fr7awB1BMQGW/gX+xkEXQmu/XAIL/4xATYKivXn+CX9m/u+CbH4z/of+HD1a/mxCQgFdwWYADj66AF59dr3MPodB50GAPuY/zYHNgt6BIYBkAdc+RoCQvcv+C36GgWJBFL5aAMxBpT+bgCdAv8G1ApP9977bwRYCdAJ8wk/AjL2CgHy+H71BQqTCMD0HAIa/iX+1/pWBFL5IgS0BRMINwTX9K/4oQVcAjT3gvmcCpkHFfsp/UL1zP+C9033Yf+xAWL7sQYj+TsKugd+9jL9ggClAa0CbQStAH/6VgUv9VH5Lf2C+g78wvaa/WkCp/hs/xII1/5QAAf/SAIsB64KKQe1Ci//3/Wn+q4H7f9l+lz3cvV89rb9LwYZBiD1CQct9579bvvU/cn94vVD9jz+JQDh+j8E2vU9/+sJZ/svChUE0/UiB7P+9/oECeP2NgGk/Q0IJgNrBfsDSv2h/bX2HAb0CLcH"}, "orthogonal_0.W_h": {"shape": [12, 12], "bytes": "JAHD/c0GBwCh+HUB5hNCFH/wjf7TEkr87uoIASv34e+Y+mz/w/jbFqcHQAPT91n+MAi8/7P0afya8iIF4vTCAEwKwPVPFBcTE/pC/+UKQgwJ7aIK1AXd/kcPlO4++Db1VBCSEBAEO/LL+3wFDRG3AkYJFwfn8i0LC/wV750RaPaNEA8ATQMHAzEEWvAC/QIQGQnB9HEQ8fC++iwMKfOz/TsE6Q45B4rybPTyC1kNmgJC9+MM5fRU/IjrWQLp+lEPdgHS9g/tkfglBY8alwYt+431cPjB+V37nOsQClQBf/TqAwkClAz47HEHYQJgEKL9IwdTC98Bf+2X/Aj0yPjW+5D06+lk/onzQANhE/wDmgdPFawNQ/dfDDMHbPr7B/74"}, "orthogonal_0.b": {"shape": [12], "bytes": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "orthogonal_0.W_y": {"shape": [12, 8], "bytes": "hAjv+F/4eve7AwQI5PubAEYLPAPg9ID6Rgu3/lcGCvncCQz88vYb9dkFefmY+ZQAvQjQCOcImfkDB7cIPP5oBWr9+f0aBkYJDvw2B5MJmAUL/GQElAo8CWkF1wB3ALL1QgkBAgkJEghMAa36Bvj7/VIGzATu9bUIT/1dCjv8n/c3+Sv8TvgHCqX5nQTw/DD7Iwp/BS7+Hf2s+XH30/0QBHMFIPit+PYEU/fLChQB/vcmBowC1QcMCpIHkAhuCjEE"}, "orthogonal_0.b_y": {"shape": [8], "bytes": "kgm9AHz49vt2Amf3mgXD9Q=="}, "orthogonal_100.W_x": {"shape": [16, 12], "bytes": "Sf9hBbz2GvXh+3cCAQNhBi//lwYA/Wf6Ffh19gsBIgU/AhcKK/Z2AGEE5AVZ/HUNrPtCA2MHTvWV+LL5yfuRB6X2m/vE+WTyOvdcDKYAmP9OBNT1VALO8c72KwDfCHAFBP4o/HkMQREBAvIGjgK5/X8Cj/Bu8y//TAgE/zL+HwolBEMEMPyZB3wJJgT98Z0AhQRWDSsGKQV1Bg/0GQJi9qT1Dw38C/byPwEZAB76MfX6A4fz+gei/0wHVgnO+rzzUAOiAQb4AfzjCVwIFvs1/lf4Nf7u9q/6Z/+vAKr6AwVH+vIHjgX89aT8NwHcAgUBIwJL/8z4xgM8+An5mv4R+/X8D/ne/tYAzfcc/i8Inv+h/2MACQEHBkUJHgXNBw0AD/ea+VgGUQEF+uX5bvXz+HEAxwOJAwX3vQWI9/39SPxt/rH+TfbB+G8ALgEb/AgDHff0/ucHLPu4B/8ClfdhBfz+UvysBkH2Ff4g/fwE4QKGBIQDRP0J/G74nAY+CAwG"}, "orthogonal_100.W_h": {"shape": [12, 12], "bytes": "AQPd/SgIOQQC9i0Fkw1cFpT0s/nBDvj/Vux3Ak31rOzd/EP9kPv4EygHVQWL+n37Sg1IALH53AFs7dUIoPBoB5MMtvBrDsQWWv/E/4QPUBEZ6pAQGP9tBRgT7Ogb80H8iA5CDvICkvRr/jgD7hEpApkIkAU+9pwJNwJT7b8YtPzjCroFGv0VC8EFheqL95QTJQap9aoLIu1C/8QHufZz+vYBmhGvC9rvgPohCpARqwb28dQQCfLuAczt2f3I9a4SVgSj9iLucPoyAtsbBgW3/3P2D/Zh+YD9zedfCW77mu9ACVD8GBTd5sgEaQc1F5D4agIJC1X9KOpwAfnvAP6z+BPzQe76AVbvQgmNEqwKWwwcD4MSkvGFD5UIffVFAuX9"}, "orthogonal_100.b": {"shape": [12], "bytes": "rf3M/in+AwD9/1AATP/P/8UDCwAf//n/"}, "orthogonal_100.W_y": {"shape": [12, 8], "bytes": "5gLm/3nzT/XIBX8ML/jBAF8OKgDR9hX68geU+moISf7BA/sC9PPd8VILs/9A9YP7xAF0D5cFDfZlDUMOY/oPAMcDLvjPClMKGfqP/6kL6AZN90kLWwXLBfYLswZP+/HwKQ0M+7wMvwvX+wj2JvxuA2oB5gyC8b4DSwT+Dqv4GPJO+J7/b/keB875AQbT+w76Ng+n/S8DdgGZ8tTxMwNHCY0I8PEl/rYHq/OQBKkFx/sGAzYMTANwBKoNsQ2lBMH/"}, "orthogonal_100.b_y": {"shape": [8], "bytes": "1QS4Abj8SP2D/h79aQH19A=="}, "orthogonal_300.W_x": {"shape": [16, 12], "bytes": "sAYXAmfxse98BDv+/QaXBJT5zQnKAIn52ftu+WEFDwuzAR0O8/CUBosHpv+o9dsROvYmA5MDKvTs8IL3evs2BZr6EP4J+R/vefXBEAb/2v0aCDL0vARv7W/57AQ9CEAEiQE599YONxXTAzYLrP7xAtwDA+0f9DsDDA0b+rwEbg0IAsoIEPuTCJEM8f+r7uEEDQFTExUJGAHLAy3weQOz+LjvrRChEq31pvsg/Vf0zfHr/0HxPwoS/G8D2QmkALfuGgMOAFb4T/x7CXAIdft//uz6Jv5e98T6mv+2AIP7HQVP+vAHYQV99rD96gAyAh4BjQFz/e34DAQt+Qj5dP4q+1z9Rfnp/rkAl/eT/jsI4P/v/hYAJQGeBacHFwVqBtH/uPce+ukFWwF6+oj6dfW1+ZkASQMJA473BAUl+IH9o/zT/s3+GfZ4+V0BBgEa/MICZPgdAJsIz/vNBsYC2/cEBYj+Vvz/Baj2bv0e+lwEFQOPBFYDqP1m/FD5jAbNB88F"}, "orthogonal_300.W_h": {"shape": [12, 12], "bytes": "rAic/VwMKARE8lUEeAnNGMz1/PeCDTACHOhMBeXxoelYAbz85PyBEnUGmAbm/976Ww+z/wz7XAKo6pcK9OzvB0cOAu82C9IYpgII/wYSfRIC5fQSg/rZB0YWheYn78P+ygyCD40C2vINAO0CJxP8A64HywVq+swJuwar7Icc8P2RBt8GqfpHDhMIbukg9KEVlQTo9lEKnOoSA3UFzPiY+Bv/TBNPEN3tP/4sCToUtAfW7pcQ1u8KA/nuHf1g8wIUCwn58y7wH/wK/30cfgK6Aon4KfSf9hn/8OVaCs751e5iDFr6qxU25tACdwjmGnv3Lv67Dfr59OaWBXnurv8h9+Lw+O+GBrftiQxVEpINNQ24ChcVgu/sEtALXPS9/v//"}, "orthogonal_300.b": {"shape": [12], "bytes": "xf1n/VP+RgAJAGwAMv8oAG4E1/+p/jAA"}, "orthogonal_300.W_y": {"shape": [12, 8], "bytes": "kABYBczwhPGvC+wQGfZ9/WsQSP4W9wkADAMo9jEM5P8ZA8cGVvGo7S0P6wOI88/41P/4EjwFIvIEEcQRJfgQ/fcGY/WVDJcOcvTX+iELfwp/9QEP8gIxApEP+got+ZLuWw+k97oNBw+i9/3yQP03B6X/NhD+7uUARAi6Err35u5A9ZAFzvbZBPD9NQjF+2f1ZhG4+ZIFzQT27mPuzQOPDLwKY+0fAFAKdu9pABgIk/+1AcMPIQJkADURURHoAq38"}, "orthogonal_300.b_y": {"shape": [8], "bytes": "ugM0AoD9Af5I/hb+kv9N9Q=="}, "orthogonal_1200.W_x": {"shape": [16, 12], "bytes": "oxq8C8T3w+T5FhUEUw2xDrnvVwQ2D/MGVe09FTgCqA5v/T8GnuVzCib6C/868FIUtegc+fQAQfvS36P30PddATwF4/yj77DrqOmEFx783AFzFBH/I/0q6TwDmAqO+ykRNBhT+zobtBBqESoLd/3EDmryzuopDk8MJBvq6z8N2A+1BNMQVgH6BscRT/ro698Jvf4SIhYTYgSb9//q6fdeBL/lgBKkHOz34vgr9jPphu7L93ruAw/N7lYBFggJBbveG/3WAP711vy4BOEE8wEnApj13QcP/m/9LfpeAsr4VAT8+uME+wWS/pT2GAknBaQFRPxA/yH2ogGp/Mf5yQKe/7v4wQBoA5QEjfek/tABXwKh+PL+iQMBBQX+pgo9BXUAkflz/E0BbQHg+7j7PfsnAfX4OQooBOn+hf1d/6v5vfxx/iH+0vuk/jn5OQpKABwG/PZv/SABiP/L/gQC7PteBXX5hgQpBBP5ZviY+zH+pASiAJkC5AAx/4j4TQxIBuQF"}, "orthogonal_1200.W_h": {"shape": [12, 12], "bytes": "Azlq+t4o6P1Z+Un+Vw6sHXjqUPaNHLcCzvBWNBT6veRRDTwDcvPzFtj65QiXFpAKBx4CA9oKhwB16twHIOnoB9wIe+5WFREYO/ZB/XQFqx6x05kdMPg6CAodJuRe6wD97BfXFTEPFuAnHD76XBqyCgMDzApv/p8TjgTq76IV2wCKAeoSsf4xFSsR5+iz+6oYNQuI8RgNIukMBd4DAwnp8gb+xRMkC7npBQsdEN0c/gUI8HMON+tqEAPrD/7+/2we//ZM6yzhyP+i+7wlgQmiBEAUFPQu8/P6LeU/CE/63+4xDQn5Lh+G5KMD3hDKE7/3mQ5CGn0Ja+FxDcvrmPgA+PLefO+TEoz0aRNqHKkS8wpIErQXWOzqH7kLsPd9CH0P"}, "orthogonal_1200.b": {"shape": [12], "bytes": "qPoR/4X77wKB/vkAfwBoBSr+FAVF/wcF"}, "orthogonal_1200.W_y": {"shape": [12, 8], "bytes": "gRc46/XtBuYwHcsriub48nQckvaJ4E0gARy13CEsYOEUGhv51+vM4YAbGRYN5lrt+fEyF1EeouSCFS4W6u5d9UMTt/Jz9h8bfuyK9WMQtBTh644VbhVu/rsRtBGp7lzjZwTP7KATOhlC8EPxjgKWEnAUtReI4sX4dRDHF/vrO+Il59QWcxCu9obo8xdg5+37ahM58TAG1ApS5uvpFQjRFWkVtN5R7QEbsgHk8z0b4/FlFskX2/dO9+kYnxVS93Hv"}, "orthogonal_1200.b_y": {"shape": [8], "bytes": "DAJ5AYT5xf/H/iv8pv8O+Q=="}}};
const NETWORKS = {
  small_0: "small start, untrained", small_1200: "small start, trained",
  orthogonal_0: "orthogonal start, untrained", orthogonal_100: "orthogonal, 100 steps",
  orthogonal_300: "orthogonal, 300 steps", orthogonal_1200: "orthogonal, trained",
};
const START = { net: "orthogonal_0", country: 1, t: 40, lag: 20, filler: "367204565577765700635370501627267275724" };
const LEAST = 1e-12; // of the largest: what lies below is rounding
const T = START.filler.length + 1;

const known = {};
/* A stored array as rows of numbers; a vector is one row. */
function weight(name) {
  if (!known[name]) {
    const { shape, bytes } = MODEL.arrays[name], raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    const cols = shape[shape.length - 1], view = new DataView(raw.buffer);
    known[name] = Array.from({ length: raw.length / 2 / cols }, (_, i) =>
      Array.from({ length: cols }, (_, j) => view.getInt16(2 * (i * cols + j), true) / MODEL.parts));
  }
  return known[name];
}

/* States h_1 to h_40 after "country, filler, filler, …", one-hot, (7.3), (7.4). */
function states({ net, country }) {
  const W_x = weight(`${net}.W_x`), W_h = weight(`${net}.W_h`), [b] = weight(`${net}.b`);
  let h = b.map(() => 0);
  return [country - 1, ...[...START.filler].map((c) => 8 + Number(c))].map((symbol) => {
    const before = h;
    h = b.map((bias, j) => Math.tanh(before.reduce((s, v, i) => s + v * W_h[i][j], bias + W_x[symbol][j])));
    return h;
  });
}

/* The products dh_t/dh_{t−lag} for lag 0 to t, rows for units of the earlier state. */
function products({ net, country, t }) {
  const W_h = weight(`${net}.W_h`), hs = states({ net, country }), found = [];
  let P = W_h.map((row, i) => row.map((_, j) => Number(i === j)));
  for (let k = t; ; k--) {
    found.push(P);
    if (k === 0) return found;
    const slope = hs[k - 1].map((v) => 1 - v * v), after = P;
    const scaled = after.map((row, m) => row.map((v) => v * slope[m]));
    P = W_h.map((row) => after[0].map((_, j) => row.reduce((s, w, m) => s + w * scaled[m][j], 0))); // (9.1)
  }
}

/* Singular values, largest first: columns are turned in pairs until all are at right
   angles (one-sided Jacobi); their lengths are the values. */
function singular({ A }) {
  const scale = Math.max(...A.flat().map(Math.abs)) || 1, n = A[0].length;
  const cols = Array.from({ length: n }, (_, j) => Float64Array.from(A, (row) => row[j] / scale));
  const dot = (p, q) => {
    let sum = 0;
    for (let i = 0; i < p.length; i++) sum += p[i] * q[i];
    return sum;
  };
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
    turned = false;
    cols.sort((x, y) => dot(y, y) - dot(x, x));
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) {
        const x = cols[p], y = cols[q], a = dot(x, x), b = dot(y, y), c = dot(x, y);
        if (Math.abs(c) <= 1e-14 * Math.sqrt(a * b) || Math.max(a, b) < 1e-30) continue;
        turned = true;
        const z = (b - a) / (2 * c), tan = (z < 0 ? -1 : 1) / (Math.abs(z) + Math.hypot(1, z));
        const cos = 1 / Math.hypot(1, tan), sin = cos * tan;
        for (let i = 0; i < x.length; i++) {
          const v = x[i];
          x[i] = cos * v - sin * y[i];
          y[i] = sin * v + cos * y[i];
        }
      }
  }
  return cols.map((x) => scale * Math.sqrt(dot(x, x))).sort((a, b) => b - a);
}

/* The singular values at every lag, and the bound ‖W_h‖ for one step, (9.4). */
function spectra({ net, country, t }) {
  return {
    values: products({ net, country, t }).map((A) => singular({ A })),
    bound: singular({ A: weight(`${net}.W_h`) })[0],
  };
}

/* The probabilities of the countries after t symbols. */
function answer({ net, country, t }) {
  const h = states({ net, country })[t - 1], W = weight(`${net}.W_y`);
  const scores = weight(`${net}.b_y`)[0].map((b, j) => h.reduce((s, v, i) => s + v * W[i][j], b));
  const e = scores.map((s) => Math.exp(s - Math.max(...scores))), sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

function draw(F, root, params) {
  const { num, rich } = F;
  const initial = () => ({
    ...START, net: params.net in NETWORKS ? params.net : START.net,
    t: Math.round(F.clamp(params.t, START.t, 1, T)), lag: Math.round(F.clamp(params.lag, START.lag, 0, T)),
  });
  let now = initial(), found, all;

  const pick = F.choice("Network", Object.entries(NETWORKS), now.net, (net) => change({ net }));
  const who = F.choice("Country", [...Array(8).keys()].map((k) => [k + 1, k + 1]), now.country, (v) => change({ country: Number(v) }));
  F.add(root, "row", pick.el, who.el, F.button("Reset", () => change(initial())));
  const redraw = F.stage(root, "Left, the product of Jacobians; right, its singular values against the lag", paint);
  const panel = F.panel(root);
  const knobs = {
    lag: F.slider({ label: "lag k", min: 0, max: T, step: 1, value: now.lag, role: "gradient", on: (lag) => change({ lag }) }),
    t: F.slider({ label: "loss at step t", min: 1, max: T, step: 1, value: now.t, role: "neutral", on: (t) => change({ t }) }),
  };
  F.add(root, "controls", knobs.lag.el, knobs.t.el);
  F.hint(root, "Drag in the right-hand picture to choose a lag. Left, each square is one derivative, a row for a unit of h_{t−k} and a column for a unit of h_t, as a share of the largest: filled squares are positive, framed ones negative.");
  const say = F.live(root);

  const LOW = -24, HIGH = 4;
  let box = null, held = false;
  const at = (event) => {
    const x = event.clientX - redraw.svg.getBoundingClientRect().left;
    return Math.round(((x - box.x) / box.w) * T);
  };
  redraw.svg.addEventListener("pointerdown", (event) => {
    const y = event.clientY - redraw.svg.getBoundingClientRect().top, lag = at(event);
    if (lag < 0 || lag > T || y < box.y - 10 || y > box.y + box.h + 24) return;
    held = true;
    redraw.svg.setPointerCapture(event.pointerId);
    change({ lag });
  });
  redraw.svg.addEventListener("pointermove", (event) => held && change({ lag: at(event) }));
  for (const end of ["pointerup", "pointercancel"]) redraw.svg.addEventListener(end, () => (held = false));
  redraw.svg.style.touchAction = "pan-y";

  function paint(pen, width) {
    const stacked = width < 560, size = stacked ? Math.min(240, width - 60) : Math.min(250, width * 0.36);
    const mx = stacked ? (width - size) / 2 : 22, my = 44;
    const P = all[now.lag], n = P.length, cell = size / n, most = Math.max(...P.flat().map(Math.abs));
    pen.text("tm", mx + size / 2, 14, `dh_{${now.t}}/dh_{${now.t - now.lag}}`, { class: "small" });
    pen.text("tl", mx + size / 2, 32, `largest entry ${big(most)}`, { class: "mute" });
    P.forEach((row, i) => row.forEach((v, j) => {
      const share = Math.abs(v) / most, x = mx + j * cell, y = my + i * cell;
      if (v >= 0) pen.rect(`p${i}_${j}`, x + 0.5, y + 0.5, cell - 1, cell - 1, { class: "f-gradient", tint: share });
      else pen.rect(`p${i}_${j}`, x + 2, y + 2, cell - 4, cell - 4, { class: "none s-neutral", thick: 2.5, opacity: share });
    }));
    pen.rect("frame", mx, my, size, size, { class: "none s-neutral", thick: 1 });

    const x0 = stacked ? 56 : mx + size + 62, y0 = stacked ? my + size + 44 : my;
    box = { x: x0, y: y0, w: width - x0 - 14, h: stacked ? 220 : size };
    const X = (k) => box.x + (k / T) * box.w;
    const Y = (v) => box.y + box.h * (1 - (Math.log10(v) - LOW) / (HIGH - LOW));
    pen.text("tr", box.x + box.w / 2, y0 - 12, "singular values against the lag", { class: "small" });
    for (let e = 0; e >= LOW; e -= 6) {
      pen.line(`g${e}`, box.x, Y(10 ** e), box.x + box.w, Y(10 ** e), { class: "s-neutral", thick: 1, opacity: e ? 0.25 : 0.8 });
      pen.text(`e${e}`, box.x - 6, Y(10 ** e) + 4, e ? `1e${num(e, 0)}` : "1", { class: "mute end" });
    }
    for (const k of [0, 10, 20, 30, 40]) pen.text(`k${k}`, X(k), box.y + box.h + 18, String(k), { class: "mute" });
    pen.text("xk", X(25), box.y + box.h + 18, "lag k", { class: "mute" });
    pen.line("at", X(now.lag), box.y, X(now.lag), box.y + box.h, { class: "s-gradient", thick: 2, opacity: 0.5 });
    const top = Math.min(T, HIGH / Math.max(1e-9, Math.log10(found.bound)));
    const reach = found.bound > 1 ? top : T;
    pen.line("bound", X(0), Y(1), X(reach), Y(found.bound ** reach), { class: "s-neutral", thick: 2, dash: "6 5" });
    for (let i = n - 1; i >= 0; i--) {
      const d = [];
      found.values.forEach((values, k) => {
        const v = values[i];
        if (v >= LEAST * values[0] && v > 10 ** LOW && d.length === k) d.push(`${k ? "L" : "M"}${X(k).toFixed(1)},${Y(v).toFixed(1)}`);
      });
      pen.path(`s${i}`, d.join(""), { class: "s-gradient", thick: i ? 1.2 : 3, opacity: i ? 0.65 : 1 });
    }
    found.values[now.lag].forEach((v, i, values) => {
      if (v >= LEAST * values[0] && v > 10 ** LOW) pen.draw("circle", `d${i}`, { cx: X(now.lag), cy: Y(v), r: i ? 3 : 5, class: "f-gradient" });
    });
    return box.y + box.h + 28;
  }

  const big = (v) => (v === 0 ? "0" : v < 0.001 || v >= 1e4 ? v.toExponential(1).replace("-", "−") : num(v, v < 0.1 ? 4 : 3));
  const shown = (p) => (p > 0.9995 ? "more than 0.999" : p < 0.0005 ? "less than 0.001" : num(p, 3));
  function change(more) {
    const before = now;
    now = { ...now, ...more };
    now.lag = Math.max(0, Math.min(now.t, now.lag));
    if (!found || ["net", "country", "t"].some((key) => now[key] !== before[key])) {
      all = products(now);
      found = spectra(now);
    }
    pick.input.value = now.net;
    who.input.value = now.country;
    knobs.t.set(now.t);
    knobs.lag.range(0, now.t);
    knobs.lag.set(now.lag);
    const values = found.values[now.lag], H = values.length;
    const mean = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / H);
    const tenth = values.filter((v) => v >= values[0] / 10).length;
    const h = states(now)[now.t - 1], slope = h.reduce((s, v) => s + 1 - v * v, 0) / H;
    const least = values[H - 1] < LEAST * values[0] ? "below rounding" : big(values[H - 1]);
    const lines = [
      `Lag ${now.lag}: singular values ${values.slice(0, 3).map(big).join(", ")}, …, ${least}. ` +
        `[gradient:A message of length 1 arrives ${big(values[0])} long at most, and about ${big(mean)} from a random direction.]`,
      `${tenth} of ${H} directions keep at least a tenth of what the best one keeps. The bound (9.4), dashed: ${num(found.bound, 3)}^{${now.lag}} = ${big(found.bound ** now.lag)}.`.replace(/\^\{(\d+)\}/, " to the power $1"),
      `Asked after step ${now.t}, the network gives country ${now.country} the probability [output:${shown(answer(now)[now.country - 1])}]. Mean slope 1 − h² there: ${num(slope, 2)}.`,
    ];
    panel.innerHTML = lines.map((line) => `<p>${rich(line)}</p>`).join("");
    say(`${NETWORKS[now.net]}. ${lines.join(" ")}`);
    redraw();
  }
  change({});
}

if (typeof module !== "undefined") module.exports = { states, products, singular, spectra, answer, MODEL, START };
else (window.rnnFigures = window.rnnFigures || {})["gradient-spectra"] = draw;
})();
