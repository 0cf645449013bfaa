;; W x for a matrix in memory, and x W: four rows at a time, four columns at a time.
;;
;; All addresses are in bytes. The rows of the matrix lie ``stride`` apart, a multiple of 16; there are 4 × ``groups`` of
;; them. ``x`` has as many bytes as a row. What pads rows and ``x`` is zero.
(module
  (import "lookback" "memory" (memory 1))
  (func (export "multiply")
    (param $weight i32) (param $x i32) (param $out i32) (param $groups i32) (param $stride i32)
    (local $column i32) (local $second i32) (local $third i32) (local $fourth i32) (local $part v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $group
      (local.set $second (i32.add (local.get $weight) (local.get $stride)))
      (local.set $third (i32.add (local.get $second) (local.get $stride)))
      (local.set $fourth (i32.add (local.get $third) (local.get $stride)))
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $part (v128.load (i32.add (local.get $x) (local.get $column))))
        (local.set $a (f32x4.add (local.get $a)
          (f32x4.mul (local.get $part) (v128.load (i32.add (local.get $weight) (local.get $column))))))
        (local.set $b (f32x4.add (local.get $b)
          (f32x4.mul (local.get $part) (v128.load (i32.add (local.get $second) (local.get $column))))))
        (local.set $c (f32x4.add (local.get $c)
          (f32x4.mul (local.get $part) (v128.load (i32.add (local.get $third) (local.get $column))))))
        (local.set $d (f32x4.add (local.get $d)
          (f32x4.mul (local.get $part) (v128.load (i32.add (local.get $fourth) (local.get $column))))))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (br_if $columns (i32.lt_u (local.get $column) (local.get $stride))))
      ;; the sums of a, b, c and d side by side: the halves of a and b interleaved and added, those of c and d, then both
      (local.set $a (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
      (local.set $c (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
      (v128.store (local.get $out) (f32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a) (local.get $c))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a) (local.get $c))))
      (local.set $weight (i32.add (local.get $fourth) (local.get $stride)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $group (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))
  ;; adds x W to ``out``, which has as many bytes as a row
  (func (export "transposed")
    (param $weight i32) (param $x i32) (param $out i32) (param $groups i32) (param $stride i32)
    (local $column i32) (local $second i32) (local $third i32) (local $fourth i32) (local $at i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $group
      (local.set $second (i32.add (local.get $weight) (local.get $stride)))
      (local.set $third (i32.add (local.get $second) (local.get $stride)))
      (local.set $fourth (i32.add (local.get $third) (local.get $stride)))
      (local.set $a (v128.load32_splat (local.get $x)))
      (local.set $b (v128.load32_splat offset=4 (local.get $x)))
      (local.set $c (v128.load32_splat offset=8 (local.get $x)))
      (local.set $d (v128.load32_splat offset=12 (local.get $x)))
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $at (i32.add (local.get $out) (local.get $column)))
        (v128.store (local.get $at) (f32x4.add (v128.load (local.get $at)) (f32x4.add
          (f32x4.add
            (f32x4.mul (local.get $a) (v128.load (i32.add (local.get $weight) (local.get $column))))
            (f32x4.mul (local.get $b) (v128.load (i32.add (local.get $second) (local.get $column)))))
          (f32x4.add
            (f32x4.mul (local.get $c) (v128.load (i32.add (local.get $third) (local.get $column))))
            (f32x4.mul (local.get $d) (v128.load (i32.add (local.get $fourth) (local.get $column))))))))
        (local.set $column (i32.add (local.get $column) (i32.const 16)))
        (br_if $columns (i32.lt_u (local.get $column) (local.get $stride))))
      (local.set $weight (i32.add (local.get $fourth) (local.get $stride)))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (br_if $group (local.tee $groups (i32.sub (local.get $groups) (i32.const 1)))))))
