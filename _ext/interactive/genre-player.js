/* Tunes by genre: a small trained network writes them here, the browser plays them. */
(function () {
"use strict";

const WEIGHTS = {"notes": ["end", "A4:12", "A4:3", "A4:6", "A4:9", "B4:12", "B4:3", "B4:6", "B4:9", "Bb3:12", "Bb3:2", "Bb3:4", "Bb3:6", "Bb4:12", "Bb4:2", "Bb4:3", "Bb4:4", "Bb4:6", "Bb4:9", "C4:12", "C4:18", "C4:2", "C4:24", "C4:3", "C4:4", "C4:6", "C4:9", "C5:12", "C5:18", "C5:2", "C5:24", "C5:3", "C5:4", "C5:6", "C5:9", "D4:12", "D4:3", "D4:6", "D4:9", "D5:12", "D5:3", "D5:6", "D5:9", "E4:12", "E4:3", "E4:6", "E4:9", "E5:3", "E5:6", "E5:9", "Eb4:12", "Eb4:2", "Eb4:4", "Eb4:6", "F#4:12", "F#4:2", "F#4:4", "F#4:6", "F4:12", "F4:2", "F4:24", "F4:3", "F4:4", "F4:6", "F4:9", "F5:12", "F5:24", "F5:3", "F5:6", "F5:9", "G3:12", "G3:2", "G3:4", "G3:6", "G4:12", "G4:18", "G4:2", "G4:3", "G4:4", "G4:6", "G4:9", "|"], "arrays": {"start.weight": {"shape": [48, 4], "scale": 0.0135521, "bytes": "CTgRtspC6Bn48wP+0JjOPEwuwKAEH+8i6vwVlsvn0xXQM9OmtE866TW3PJre6h886+ArHEAhQ7Yc2urW8hb8EFfw/fD/WtXtpWop9w+33QnTaUaoPRjkyUqz/kdJJo+3HOb28n/nC7zRRsUN2PP58dUhQqSoFBBM3QsS+b7v/OLJ9ts89wcLCfCyI0JkA0G1x65i4d8kvsX3Ei65NdMGDPQAAMAl+Ow81s9LCkruiTr3shjmHqlC5BsV9vvCEkEd"}, "start.bias": {"shape": [48], "scale": 0.00807992, "bytes": "+/m966gIgcYZ8QLn02vyIUUwyus6CwcPz9xTkPsz9t3SL87HrvH7eQJwLqjw0Psb"}, "embed.weight": {"shape": [82, 16], "scale": 0.0346641, "bytes": "ysrz90j0BO0IFRj77wdJ/iLhFuIE4PQP4DoT9esMHkQCCh0XphHx5QQP+fLe5RPlIRD5/uLWC/n5JPkuN98s9O7oFPv40gYAzBDZrBQD1ecnGSYQFgMFC8gz/Cfg+C3yMnMt9Pfo4Rsq4MG7Cg073yssCyn3GQ8sJRAm5vf49wEPEQMyOeLyKNv75NkAFRUHJw8J/gDwKBobfxy2/SYqFAESEMYd8TnwF+oxAfT8KknoOc4LziQr59Mc/xgFygPOXQjq/C8kGfMeDwfRDPlXEOL8SPJZ5uk5zBwfQesy6CgS1AALBeb5Bdcc7/vz9hSw9PL87gUgJsjxEBD06yngB/v19dP5Aekh+vy1rd7eB/Tz2AQa8e0e3ukk8i4YPwIF+R/UsOj1DAkaE2awCO/xEgcV29vBwvkM5Db2JsxVAiIYHxPmHwMKPNcRGrMUaxAf5AbY0ggJ6CcLE+3Y+QgbLQ8BIDP/7Q8K7E01BAFXwnP10g/Z2DrSLAjrxwEzA8Mc5/7s3OwfPebeIrsa9/0IzBbe+u4jJf35Hg7UIQM6EjfrZun08wRjBgQHG9oL4/cZGhM77CgD0yu9Shsq0AsW8xYu27kQ7UAdrzvr/CjpISAnElvkEt/9AvoA9zsJ0vLvKSX1AOnNIxmvHCHwChE0IAoyRALdEzjY3ez0B/oi++u1+DEK+S3gJN+p4ffIOvr2BxY0CToS4fX0JQAXFeQA/zQsBdL8EQvfAc8/3RYR9Cne49v12hrULNQXEhe/NtgQ/+Dx8Ln8HfIECt1BuvjPBeASzvPw5PQtH/bw09IN+eff4dMH6uu2AvpM5BffF8ojQtoe9jU+GQrMQRXPwylcBNMOOELbIgwB4wE42dzsQ/IaBDMC4xb64wQXJi0maNTLDhhGIAMT5xzG/EevAfHvGjsnC+nzCOABtTq4AM5IVxTzIv/q2hQE2AsE2/DgE9/+DSe87gXvEQP198Pv5eM/K9Aj788B660R6UzbFAoV9vzoFe86BPkHGu4YJQoS9D4VLd8axcUK5esB/ki91ToKvv8a9hkq7Uky5xom1B00MOsyMcD0/+jz1eXlLwSxIt8cBh+8APUc7s8dNyf81/PXM/km6QP1FAjb0B+t9wbAvQXsEc7r9NkM+gn7Ev8aPPYLE/4bIdXx9Dzw4xECyS7zJAf3GSAcG9rs9wjo4en+7vrcH9jhDEHzDezpvg7cAAj6FvwIMiI639wXJxL+5Rb9Ah0M9f/88BlR8v8UFuwQ7RT1B+QTIAQg6gLwBx6+/+wh6xHs9C/x/XrrUDoc4yMBNOfpHgP2DDAYHdoHA9AC8vnvBPoE/Uw7IOjqvf4Z3wgLJRT0UDzzJPr498jsAvzzH0gK470O+S47GxMWN9jGvMb44lUD/sUIPd1WJtkEKBgRHO/43STYKvqtBRn67SH4VtD7AhfiIQ8D1hFDHf7LBg4E4gsWGPQGF9MVFAdD4QrpPRTY7OXT+ub4/DXiFWnJ1Vx6Fr4ixPMOAN0f6/dNCPg5J8vDAiUIHuPVF/QxAv4XtiAp+dT6NOD2RPr2AcXHBRgv2+PWJgPq8wIh/yUfVzAlCfwIA9nUQekcLzzWEPIQ/xUB4RPxHD7oFucG3UnkJd8iGyYK3t3+9yMB6PoH6e5XC+wHARrH7PHH+Br26r8XuiguwQIkDeMfDczi1QTnKwIN9jLjxOcJIgMCBQv7Ax/iACvYNKzpCA4mBvbV7NsQ3RHNFBQD7ccY2QEcV/Emxg=="}, "layer.weight_ih_l0": {"shape": [144, 20], "scale": 0.0255964, "bytes": "9DAN+OkiAv4lBj292wPs7BUBBPL++dcG6+r5DyId9irlGvYfAgQZFRgq8SLVCPLZNfYXD+P/F9srLQX8FQ0F5voYDwv3BREI9AX6DwsHCQ0V7uoFKAfzKRzeE//4JR8NEA8L/BD1Ev/+R/YC/gHQDPgB/QIj/voF6fcEEggD9/UV6+3fGQ8LIAIRDw0rE87jOuPkFh4KDRX48wkHBAoMGQ7xCuX6+g4Q3xsK49b/8hQq3RZEDRMMFczq6wPoFx709Ar1AdwKJPYF/P789/UWCQkJ5fn+IBUT2QTjRR73CAby8vca6S70A90I4yIF8RAYIgvkzwsN/dkgE9X/7fzr/Sgm9tkWDwf9+gwdBu8MDvnxAPcMExADD84JAe4O7/IBxBjvCffq+/wHIQIGAAYFDv/8/QIJDekL/wAF+RkgE+33+wv3+gPwGxMj7McOCPXz/QoLJeIKEPL6CcsQDxfl4fTdFgcH9gT7Ew4JNwDkJu8UF/EQJ/sBDgkT+gAhIdQf5PXf9AAVIAX/Cvb6Ee74GgUN/fcOCQQC+PT59QvxBf0BSfg++BEWBuzQ8BcGClHb+QL/BUf6CtIFAij+B/31ABQMLBoZ/Ar35jD5QRbuERYs8Bz39gYG6R0FJ/AXDAEEKwIA8/sF+g8WBxLr2/XiJBb8/RLpBt7+E/TxDvX+9ekX5wr37DTtJewM+xMF4xP88RX73/gP8hrl+EUQEP0E5//t/A/jEw0D7R3qDBAU+wrZCQzr7/oGD9UL6vb/8RP37VP9K+3+/w/v5xMHBSPs+PURGAID/C74CPL9GAby7BcJI9T36dQMCN4lKgbUCx4j8/HsNeUA8/Tny+vlCQsLDfv89Af/6CAL9gfhBvT+6Q73uiYpHhEY7fTiEAD19wLk5R8KFRv0BAUFHPEDEusQ+PgEDPcEGPr6GR/6EhcM9RUC7/YG5vj/9wTv+xYLDBUE5hoP8/gGCPDy/wLmAe/x/goKEwIo9A4MAQTcHgfz/BfwH/DzOvECA9QA/PwGDhf52Tv6AQIDCAYFFRIE+BUW8AkI+N3zCNP2BA0Y+hMCDwoE/gXz/RgEDfMWEe31//UTENIAJdcK7x0R3voLIQj35dv08hoo//wN5AIUCOAp69YJ8AL9Me8k/fIIKNcGHwsUM/UFBvIPAgDxCRsAChEcBCX/FB0O4wf+ARtPD/gPCP3YDQcm//8c8g35+fLS6eQMC/4H6vRQDxMO9gX74fQCDvQN+/jqDPcP/AsMDO4P7uroKxH/DRcE/ff8BhMbKf7y0vTQBRUB8gkM8xQYGfr8EiTHUbT/AQoL+P/zLfzt/PgH3fTru9b0J+7z6AYIAv7TEwDx+Qj45fYQ2f2fINXlJAcGGBP/6Aj5/OsnGwPrytv28fwIEf7p9ekK9QUIGP4O3/T9FesMFfz/9wMHKPIJ6AEYCwv59u7a+QP+AvsH//sB/wAFAPn+///4JBIG4QrZ9/YQCgYM+vkFMfj+8dny6wfiGRcs9u0Vyxbz9N7z7PELgeHVEOHsGBr9LxIp/fQEDArnIAwG2M4aAt780gDlB+gTBSHkF/sU/OzgBhsCDvbhCO8BC/3YAfny6O0P29D2AAviK/vs8/8R1gn4CgYCBxvfB9r6Egbv+A8G+wL37QHu8PL16gwI4ggQ4P3++PLh5r4cAwn6KP4R+cfmBwIQFu4O1QAYBuIJDfQP+R3x68EDCwAcCgYLDAXv+AP2/AMCG/z+4/sW+g3uFwfRMQQFAPzuGNnkHNQF6+AC6QgXDu1DAwH4+iD4+w8D4+omDv8QDOQSFinWBv4E6d715PPm7RAQBvbe+/n7EQLlBg7+4xn8G+b4HuX19wwaB/P+5xINIs4D/+fp4QLs/w0CGRj8DycQB9f/EPkg6ATb1fsC7AUKChjtKfMLCQj8CesR+tXR7vXl+gvq3Osr7vwXItEJ8fL09N3v/OUFAwUX/x7nCR4Y8g/V7uvs7vL1E/7h7AYdBAj5IvgCACCv7e3sCwv//eMVEB4GCQML/ePyC/zs9AP7D+YIGQoUCAj6BwAF8fIWteLxHAkD+RIBGuMN6O0J6PPp+RL5/f3hKeobBiIi9fcL/+QL2uf6C+wFDdPc3e4WDfri5BMQBR8O8RkP1SjM0g347erv+gICJN8H6wgF5erlANnsBP4nD/QbGvvt6fbo+d3w9uji8OsWHBQC7QwfDP/xAgsj8NT5DArS9P4B6w0C/P//A/AFDf0BEN35DQgIBPkIAP8AD/8EA/j/9fv5/wIJ+wIEFPLtIO/iBiHZ+BA0CxfQ8gfg5Bzu/PL0JwX5/fj4EQ0g5AAQ6sThCw4CC9LnCvcY4AgT8xkS2SLU7QUU/wjoFybfCiv4A+wK9PkH8OPtC/37FQMS9hHzF/kV/vYEAgkT2+UA+hTi/wP4+dfR3fLrEdIC9gvt/N8B//kIBfj1+hn4BQ4P9f0AuhAM6fj93v0Y7+0SNQH3CvX3Ku8U+sne9xL35d/f+iTh6d0EvPULEuoBAu4GBw0BAe3v9xr28O0I7wwM8wvrswT/HwfaDgQK+vjN6wrp+hkOC+nMAQvh8ebn9fUs/A3i/9z0CQ728wkS+gEE7wDy8/fr//4GBPYM+wP48AH/EfPzGQztDuro/fTsAP8f9vroAwsI4eQPBf/uC/gJ9hLz/w8JAgACD88UBwTrDAz+FQn1BhD3BQoG/woSCPYc+/wB7iHr+/Lk+wIEAQcCCQkB7/32CRbmAAIB9w8BC/0HB/vo+wL93R8a++zh9PL42vHvAPX4+wT2EiIOC/biIvLrFAL+DADkGQn6CREGDyf2EAflGOnz7RwJHvkSG/D5+e4DDRgO+RLhB/wIAA/7AfUO4fzx8g0U7e7uH//v/xcLDPL4FP0NFfEfCf4WGgXy/BTpCAAHBfLxFBPv7+4KCgX58RPwAQgG9wP1AAgB5gINA/vsGSTr6AIZ5Qvt4dYM+e4D6vUcAfYI3AHsB+IG8froAhYPCOIM+BIFAwnvAeMK/e4CDPUACQX37vL0JBPx/N8D8gP2CgP4+tPwBPv/CCIL8CgT6+30AAgMCQ8DFxAQEPsHGhD39RcM+g0G6gH+9QEW//4EFfD7Av39/wn6+v75+Pj6AvwOFfgE2gLu7vMHAeYRFf0XChMY+fD87BsS6RcWDODyDfMaHvgPEgwG4vkUBxYR9PXoERHlFgL45gb5/gLuIvXs3fkb+hYU6uHtAg8U/wL65e/9BQvR7xYACv0W/Pv+7Qfl+97jCgj+6Q0JGBP38Q7qGfYKEB/1+uIjDtv09Q30GPr5+ub+CvUWDvnw9e/nBfv99//29PL3/Pf28xkE4BHpAd8A6xf9GBIa+er6/O0zHx34+PLu+u0YEe8M9vH06ifkGvj+9RsB+PEJDeca9O/M8g4IBQ4NCOoLI/4D7v/sB/b//grjDQ0S8yPqEur95v8aBgoEFQMP+Obr+BAS/Q/y8hPoBhf3BvIFAPoC4+UEAfIYDRsI7/z8FgX+7QkEGAcOBPn39QgFBgMADBQL+g8FDAD3/wAE/AL9+gD8AQ0E+ggCCPX9+g0EBhEnA+YjFggO9SYB5RD99yL78vsFEA7n6xX3IwEj8AEADA/96fv2+AEPCPXx9AgBC/X8BxX0Af7tDvQH+QkB8BX/6gkZ8AHt7gb98wUR9wLsEgoJ/PT1GhTgCv4U/f8N+RQPAv4K/ADxBB7eDwYV3/PyGxT1DAD+A/gQ8vcMBeDo/wj2CAUSByAHFQMB9ib79BcsBP/rCAkA+vMCCvv99PoOGAYIAvPxCfH4AAPzGub09Qf5CQj55wL6ChMZ/Qbx9/Lz/vAA7vYLGgP6Buvv7Qv/A/rv5gkJ"}, "layer.weight_hh_l0": {"shape": [144, 48], "scale": 0.0249576, "bytes": "+AoJBAP83TXy5gELKSb7Dg7qDwIj5LwaABwM5+wTARfxGB7v1PzyDQ/7+PwHA/0AGwX9CREd9fzmDevdEwvi7df88vYEDvLh0wAD/e7p/QH1NvYEBAwP+wf3/xAO/qf6CvDy9Q4c++wcF/3l+Of/EPgPEvH8AOse9goh7/IFFOLuDBMh8vYC5f8C9/by7ecR5uwmFvzt/fzx/vQY9wkNFef9/wgOIef/C/vR1vwMGeguDQb9Bf0O7gni6Bnl+u0KEf8YDgv/ASAZ/RMA9hUEEgYEEfoV1Qn1Cxj86dnfF/L+FwgLB/7m8Pz3IOsKBfP35+wNBAwNJu4S5Qf66ecOIfv94TgPDRj8D+YD7wby/vQPCxDx2vPpGAQm9BbpAvgbGN0MEwAA/vcHFO0M6wL9KPP5/gkO/AYB9gsI+/j8B+gMBRgHGgQJ8Pv/MvX09hz3+QMgNvYVBBn6BQ7nBiwR49X/EQYHEdXx6/UhB/wA7u/4CgT4AgcdFvUG7PT58f0F7uoEFPTw6O8CBRIc+t/y9fD1CQr++Pv88NwT4gEU4PwjDBoe+ArjK+4VCg4IHQAL9en8Dw3+zAYPCgoBDwQCB/4Z/v/9BgXw9wf5CBr2AxUECwQKyP0U/AESC60Q+vkC+/QCA+oBvf8R7wQOAAYY6eMIBQ33BQ8CEff/C9v58gH4FR7m/A8G7/AfCvj39fX7A9cJ+u3/Aef79QLq/Nbx7fYC+AgFEO38JuoKCwoIBxMFDv4N8Of+B+4G/wwICMX68vMRBTT8T+/9JA3n/wEIFxIN+/YACxUF+RQR/vkVDwET5QwV/P8O8w733Q3V8Tf7H/Ib9hL1Hv8KCQMKB//r/O7Z/fDRBgL6Cwj6BP4A//IGBfcVVQAC2QwCART3+PXrEAcOFRf+Iezx/fvu4Ngc6O8VF/j++dokEgkLBOfh8RgDERgh8w/6BfoMDxLqD6npAv0V/g354fgQ8Rj9+AcCFwv/9e8wDfsL8ffw9PjrHgEKARAGyPsQDSUQ4/T/C+7/5eETGRzp/Pcc/+4NIPf3DuUBBRQUFSrn/tL68/T5A+oh2QoRA/oO9RIEFRMS9PPrC/MQ7QIS6ezq7gwU6iP85ADeJRH1IvH19QP74R4E7AjnBPAT5fQVFv4q6vr1/gPh7gLrwgoNBwTRG+T76yEO7gTm8vwkIgLt4PYF9Q0J7vgcDR4G+B0MzwcMAAv6/9/gDtMHJQD0/h3m4/EC9uTo4PrcDxT35xH76OX88ggF9dAR+fwLJt8P+u4n3fT46Q8RBy4W6wcM6/Hm9un93+PsEe766gEADhIR9ecK4tnuBAclCwYACA8I5wr3CxIY6/Dk6fIT+CoUOvcFDvzh6fwCFyIG6yL6Dv74BA0H5vkMEdEBDuYh9vQNAhIS+CPyEPcHFhIPBOodISsEGNjy+vgX+NQ4+vAQA8P1AwxA8gYS9v0TJwzq6wXv6PIJ7Qv85/fa+RIitR4MIvvZ+PP31SPzEfzeEhTu/gD27v4ZF/kF+R7qEA4RBgr6zd8V/en++OsBDfToCt8IAf0O7wgEGOb/D+4D5xMT+RwE/vYQ/+sg+PcBEwkF5hEREvDy5BXx6Pb8C98P8/D5Hfb3Dtbw3f/vE9QZ+/70CtT+7wP+/egyGA/5ECTu/g308fAlB/YR7Nrm/wECDP0MCgMEIgTj+gDzB+kZD/v7CdoI6vIg4QIVFwQAHwMY0O4J9xz97OMWAAQNCPcIFgD4GP8TAAEA+fjmBPj9+QYVCvsIAAEV++EM+QwUCg0MAwMB9/35DwDx/QD/8PniCfzjEPvz9fMfAA7gBe35Du4xAULxA80i7dgT/wsSAAr49AgS9P8cD+sqACID7vYMBxEdM/D5AhkD8f4FHwTz7h3lJ/YdBf319/QRFvn6BRUcCuoTEyMdAP7eBeYM7u0EBfkcIu8UBxL59+vwC9MZ+PL+CPoNDA0Q9vMM5QH5HQL/4wr/+dXs8v0ADeMM/vIR7/kZ7OT9BAbx5hn07fMJHvseGfoSA+sJ7B38+wLjA/EI/ubxBwj85NsX8ATzBPoQ/foCPgMD9fsiHhP579z9AAzd9/vr9gcDIArq6NsU8v4FOP71BQD5+EMWAAD/CP4FEgML4/IE/gj7B9oYGgEKHvwNBfz0B+/rIAMN+/7+BAkE9QwHCAD4+PcH89kG8xToAwscEOoH+fL4+vAjFvkB/RcALAgj+v74+OEMAfcgLycr1fTpNA4I5vrvBPj8DQX9KA3/KvDi8/4E/ALkC/kEA/YHByXs9hYDHvX8I+QCEwkZF94cygcIBAAH7/oD2/kO+iDvGvjpD/j8FPn2CPD2BQ3v7PHcCvEOH+XUDwUaFgshEfkK5u8HBwQbEtj2/AP1GAwOJxbx3/sR7/wF+BIMBxjoEBD+7e7T9PHw3dT/7vUkAPgFAhr+Adzk4AD8BfMI3RX2HAPwFOvwCA4O9QDzCAEK+/kgzgQM6e3xDQcZExD58gz5FQkJBhj++cYA/RDt5gY4+/0pGN4b2ObrBe35EwXiBAT93dTQ7gkCEt4U/RsZ8QoDDQwOBR0k9MIA+u0NAuf9sv0J+/4A5BH0CuzjBRlPAwLzAwkD/uUEEPcFAA/j5eHtEPsF+BL/BgDvCAQI+fP2CBf+8vgg/Q4MDfjvHw3yDBH2+PLp7en69ucW9QYSGy7e/wEJ9xLO3vH//BXy6vsAGgjiHf0BF1QPAQIYAfsREt0R3fXVDioDAffw9O4GzgD0+A/47McREw4BAuAGGwoGGO8GD/D2+/zOCeAKFgH0HfD9+jfo++YNMREEESEgCfcMDwUUExMx/Qz/+fP/HPQAvewCFQb+DfUQ7Ok/DAb63w0KBQz29QATBL4N3xIU/BoLDvsQ79kOAAvvCe3vBwQd6PL4MgAI4/jdE9wLFw8V99UP8PLl19cPMu40BQf0BfAY2/8PDwY8/eP5B/8k+Qgg8Qz2AgT6/xEHCvj1BxAIDQcN+wQc5wEC/fUOBv4M+/7yA/b9BgADDu/4/ALm+Bf14vsGEu8g+g3s6yz4/AIo5CL+A/sn5QMbBN4iAvnq8jL78vYTH/8b6Av2+PUs7RP14OPDAxzXKRMP4ynwwh3dzhb6/j/w1RMCBvkTGdgwySzuDR2+LhgMDNEZ/O7i3cz2/i0A7gMFLP8N7QXyFyIK+9EA8gEIHDMG4fkBvuLITgrp1+coBuwE/TchBh86K+sFGyHg8/T2C1c47iMQCAkL3uYLCxHuHDAP+Cb1F/UI+gfzEfzxASzzIgYmGQcF5PLm5iX42vP79/8I+SYI/dn/CAkBCxQJ7v8c+QjoC/zm6dvkEgj7qxMa6CEPMA3zE/7u+v0S6OIk8+sJ6fT9BB0R4gHZ+dIuG/whzQQUGBHsCuUNQAAiKAQQ3AIIDTka8RQfCQb4EP77BP9A5hoC4RHuyPD6AxcTHw8Z3wj7yLftDf7p2f757u34//YKCAMFBfwJxvzvCff9BvX/A/4EBhwP5/Ua9/v85v8BAPoKEgIE8xD8Au/0Bv8F/d/9JDQSCewY9wT/7BH3J9Is5xwozdjn1ykBDfwIDPvzyCTE/u/UAw0KJhvY7fckCx8OMwID8+sE+w3o5xD5Ef/61inX5CjqDwP/H+z1AQv+2hTm8tz0//T4CQDdAPwD90ULBPUouQYE7gT/FP3z8x4NITQU4eTpC+YWHC4gCQIZ7ggD8+UK3w7rBAbo5/snGRL4BwsHJfn46y4a1+IEG/4ZAyQM+hQTFfj8EQQbIPn+7Pvu7P/YBe8ZAwf+9+Pp/xbn/REfAfXS3wP66wsYBSUS5Brf3QbzBuTpFgAYDf8ixwDo2AHhEfHfNwoC6v0Q/kb9vPLxIxz/nPoABjn0FhcTBCm99AYD98cZ+QgS8g4SLAkNHBILgQsOMTQK88wSAQUZAfY2FPMABhn3+ycG+iYa7v0gDRMt48r8BB8e9xEJ/QPjEPoD9QHiC/z0C/r9Jz0CCxwD9/Hl/hrY6/XxBBYlzi4P6BoR7gcp8QD8AAwkAPsG4PIGyQUmFv4M0gT5FCX0Ig377CHlAQMgEB757w8KEUj2zeb39NQOER4BI/8CAeYGDPMF2/sJHf/o+Obb/Ar56Qv3BDEcF+/6+xPUAw0BARkHB/4jHBQU9gvx/gjpA+Xt+t8S5gwFCu8Z8x4q8OD1Ag/27/kK/xYm8OIM5+TuHN8PNfQQ/hws0e0r/PQqDxAL+B/s9Rr868gS/BMI6gXqKiPsAwDs2RYA8CPg3/z85C0m99v78hMRChQp1B868drnEOLq/AvPEQff9Nnn5R4GDgnyFfHf/g366xAC/uocASYT9fbt4wr1CwMNFAboCd3k7PT1CM3/E/MO1vTs5ykQAAPoG/fvwP0NCAn6Ae0TEO4R/hwt9fUnCPH6CwD8AO4DAhHdvfX6BQgJ/uz4Chnr5TwiB/nh7kDs8vYhCPAT6hI18fXKBfvIAxcgExMF7vIRyvXT8fXG+fn37O8HBBsrGjTv4eXl/A08Edf3FeUS3RAW7g8QERMR9fIK9A4SATUHCunk8hPk7wjc/PHR3vMZ5P8CAhL6D/3NFOT09P8GCS/1/t0HFhcJ8voOzAoT8hnlBPj/6fX4Fu0H9R3v5v7yWgkd5f7u4wH+4wL8ASQP5B0P3wIz9/sHB/7rERX24iD7EuQACv4EARPwuLz9LAAUEDfmGAr18jEyCOXlEfbx4RIG8trn5/oN9wkO/vcPCgYS/s7n27zPPOz2+P/H8BcI0BQRAuny7h4P/QH7Bvgq2CYU/MvcJMv+HhDX/Rf07AUF2fHV8wPq6OW37er+AQoLCA0CAeH/CBb35/oH/fr78vLz/v4DAQoLJvgaCfT46gAK4vrbKeAA+vQE2gT+Bw/5Lu4JX/7p1xQX7hbzH/kL3Aga2dgJ0Ov+3A8M8wUVAQ8XwP/q+eDj7vPc3tkJEh3zKjccARv43RXm/BX3E/YgDBccDw3r8dQDIwouAxj0HvsEAcj4A/Xv+f7ZCQPL5gk++gUK6vo0+vodEBUV8B4lEQowCdck+wASGyfoCCgILDv98fz0GQoJAvzoBQbvBhsX5AvYAC39KAPnD9YE4fQA+OxEC/oO/h0XAx8h8OISCCrjAf/05xD64A4d+SkiBB38AS4UBfrX8vXv7gQhD/4Y7x0T8/PuFNXYAvQa/vsD+DMcHNPO/BHgFgDb/fPo/A75Bvb1Hej18BkMExT0CQAV7BcU9+/08grx/f7yEjTuCSED/vj78dsDIu0A1Arm/iwHNfH7EvqxwP8A0+0qAwcv4SYLywYb883/DR8I3gD2BSf4B/nIGub89ePk7uTVATLr+QYF/vsav/8WI/b+EP/+DvXvEf0e5hPr//H29PLv9yf3EvW9vP4N6d8CCw0q/cj18vz99gUC3/YBAwb++wwD/QQKBfgQEvwQ+PkP9AEHB/v3/QQBufb1D/4JAvgB7Pv6CBj9FesCLx8HEA8A+d8J/REK7gMH7vUq9AQI+enqERIC5/HLERcL/xP92+YE9Avp6wgC0iXt2wvx4h7j+xkT+S0OBA/j2+z9DysAChIR2A4C8ejt7/EJAwrvAxEELQr5De4HIeb9BfzlAur7AeENCgzyAycR/PgTDgEHKOkC9PMAByH0B/b8AN8L/gIZ7gL5Ah4aJO/74Bb19hArEP4I3BwD5vYI8vL4D/oX6QIs+xXl5PXR2Pj2JPjf9QD4/gsK+gD48PztBh371BP7FgoWBEbvAf+u8gXyFBELAvMX7vEH19Tm6fDx+Pz+1ggEChv73wTeCQDv7gUJ6u/PGhYMCysF7AHcHAj+/uEQByzMIP35+PTr3PvH/wr45wcSFP0LAQfvCPkO4u/rFPPsBwn5Berx8us0BPwBAwkL8hD7Aur6D/wFBggH8A3zDqkKAu4QEw7K7wvg5Qz66hLgAQIx9kcWDCQl5soZDOgcKfMe8hQEFuz8+RDyLQ0EBP732y8KIxwJA+fe/jrUAALN9QMT9AMWCPsN9wf+Cfry8A3RAivrJPjrANbc+fTI+dcEEhIGCf7q5AXl9vYaABwFBfz5ABwO9tr7FvoJBQL2Cf8DDg3d9fEMC/oEEg0F/+70+wv/Gw0lNv7gAhHm9fsaEuMY1g8W4xYfDNoC6xf38vcG+Q75/PD2DQID++72+QcNFQLx6wLwACcLCOMZGinu/hUINAsECPHmCQ4q+gD0EQT8Bggc3QkR+QLk8hYK3vUG/vn/AQIm4QvoAQDdDPIVCCgV6AcC+OLw/fjl/P4LCiX67gMi4dzsAhTwyvz8A/ATHjEd+wnD0/H8APoh9f8h8SP6FQPwAfgBIwYDFwQPFfzx3xD77+PyAvz0/QwODxXu6wUCAPnO4vwQ/PYlAQPl5vUOKf0EEQMTCgL9Cen1/fcBBfnvChwP5vEKMekO8gTwCdP6Ae4RCBUUDAgCHhwG5CTyD/f4AQQH6AH/7gP06u3iKOUb8AQTAgP6AO8ZExT5AOkH9+okDP7i7/jwC+Ll++gN/vsH9Q3l/SQBEfruzf/7DQ4XEQQY8PMC5hAY9vQFFOP0+PH3FxX3RQEG+/8I/g35B/P1Cgr9+QQH/f4JMwD8EwQJ/xkRGvgF8AwYCBoBBREAFvTx6/L5CO4gDe4N5QYc3PYf/eTn/AAGFggA+P0g5vEQ/fDzAf0E5fHw++0WGzcCDDAj++gADULZDdgqFSMO3gX4DfgDD93o+CAyGxMSAgLTHOPp4+zqF/ztBun98g0N8AISDhoM+AcGChrcCPDtHvX1Ed4L9wX+7+cK8AbyMBMTKg4TDCIX8vn//fAGCOP67hAC3f7mFgUiDCD7GAEhEwYQ8QjiAfEGBw4QASMH9RHtFOUWBt4JJC/2AeDnE+sXChXfIu/k/RcSAAEB+zwC6RAc9wURIuoTAiL4BfQDBAXz2Qv5BiLiHBLn9Ab5/14R9x3qDu8C/QcQExAcJQgJAP/89Ar1Evz79gDcDiHtBAsJAPsB8OHyDB3rDfkPLOoqEfYA7f3v9gUe+SAO7xIRCh0f++QpAfX8DAQJBhX1BBXT0gbt8vcGGxMB+AILAjQSAhfx/wbw6BAQ/Rnq/Db69w8R5P0BDfQRDwzv8f/9+Qvt4vH/GRPqCAf7Cujz8SMI/vUbEAQT/vz4Kujl6xkECvwC9QgX9QXu3gn03AUNCvcKGQQT2/URAAIKFvcQEtL0IQnl5Pz24xbt9v7j5/oJ7RAQ/wDiBPEC9hH4HxYL8Ar1IvT78Pj7Cuj05NsIDg0E+v8G9gz6/gMZGB3XAAkI+AAD/OPt/O4BFxz5Gx/oIhUGIvL28Ov7AyLu9wP5Cfz2Ee4ETPn0FggZ+PkF68/3De8k/AcgChD34/kA5toJ5OQZDSIICQMZIdsS/QYH8O7hAvIH4tv/8gTz6/sC9fkWDhXd+QoJ/wno/vrvAPQs3O4KBQXt9O/0KPgQ+x/4yvn6//QO/fcAtgYGBPcJAAYH9QMVCgFLDwP++f4L9vYKBPrvBAXkuQf7C/cCAfv+/xjo/w8w5ALn9xT2/tIIBjcX8PP95/Xs//bs9SD+6RIJ8QvW/PT/Cv763Arq4grqBAwZDvj/BgXxDujiHeISCgzp6usFDPYN5OTs7QoU7PgY+OIOPP0MIPTz/ssJBxDv/f3XARML2SEJ9AwDGery8TAVBPsL/eQTFugQEyED2fb9FQr2/+L8/PLt6g0DARQD8eTy9xUX9uD2+g39+PIh7A0G4vvzAQHjEvz4/PPhFAcJ8QLv7u/uBvfk2/4AAv4DBhENAQ8C3xD3DP74/xML9i0BEAoIB/H1/PD2AuMI/BENFPjq8u8W+t/29Qzh/AIkAyb99Cz98vnu+/oV+vAf9RDo9vISBP4XCv4cGQUZDfb58RYN5OHlBgTx/Czg+P/g6BoF+hEg+PfxDwPw9AgO+/YA2wYQ5P/bCPTqFwj7Cg4G/B8S8OD2AgL/6hHp8hD8DTAb7hAN6hDzGvoLEBoNKBYF/Qv0/PsF+OzXBSXWCzAFGfsAIvkIFRLsCSPU/QD3EgwgHBkF+/vz+CUQ+/gIBxj32wX6/vAVFQTrEQoPKiUJ3AHx7NPz9h0D/xj89g759xAO7wMGEyAaFvXsEv/V/uf0DgQGEvMY5/EU6wYD2g4CCAENCRwRCe4i+gMC/fYj+MsBHhX+7fX78BQW+Ar2/gMM/BcW8esK+egQCgUBAxAHARX5ARTo+xQD7Qz6BAT+ERv7DOXEDQAJBdcECegg/un4AfgV9Rn2ByT21vX/7un3BvHtIRsQBfwWItgK+A0c/gnb9/ju6yQZAu0VBxzZA/IAGvoFFP4GAAD7AfzsAwf2APoS/BAQ+wAB9w7z+QAC9drwBfTs5RsLDfD5CxDb8fv9IgEJ/AcJ9PwZ8gMBCPjy+gftE/En7g78CQEM7f/55sXn+P4QCQcLGu7d+P4B+gTyAvf4DQoDBhH9+An1BfX1BNoL9QweCfgV6goS/w3/AvT3Jvzq8A0CEOb6Au8K/PDk//33GAf48hwO+vwCBvsLAwUFDwoIQgsTBPgIBysK9fXd8Pzg5/Tv3v0U9BMXANnj8wQN4fv/+/b/8/z1G/EFAQcC5wH1CwQbARX4+9D0CCMVBhDvDvsNFPYf/uvz//Xz8/75/CYM6QT18BL+Bej66QsUEAoP/fj7FN4PEPgMBOfs/wEV/BAR5QzQ5xj7BiEf6xkL7A0B+vAGCCjzCvkA9vX0CwX+39jsK/wB+hoGDeEJ8hMcCxEVJvQNGfUbCTEV8e8L/Pj+7O8G+xjyDxj/+vH05d8Y/Rbz/Abk9fECGCMa8gEBBA7yFgz18/ET8v0DAATsFggd7gHwAgEU9u4G5Ar8Fgv05gb7APQP8gLp2u3R3PoEBggRDNwFKvgA/THvBOIlHOEq9ycB/AoI9AYOCvIV6xQM0ikg8Qz0+gMoEgrzE/P8BgsIHPT0/v/1AQj3AesFFRL1DBMBCfTrDOXzE/wOChQY+/wN/wwVFB4AAgz2+/HqG+UrC/InGBjKJ+DZEOMHAvX+BPkV+drpA/zyBfsQ7Q8KBe/9+QcCEfL/5tIP7ATc5RoKGwgPIDD2BgUHKPz8+fTuIQcHGuX1FQzvF+HM6gYuA+8RACXrHuXsBtEMBg7n+/Dm9wYM7gAMAfUM+BsR7+vw9vj8B/kFDgUK+Ajy/PPn+Pn/HQQA7vz89xUR4gkq+vz3Ef7vESAWExIH9An06PjnA+/g/fnXGxn8EREBA/oUB/sG8xXl+O72Hxkc"}, "layer.bias_ih_l0": {"shape": [144], "scale": 0.011487, "bytes": "DidTGBr/JCkuPB0PITwVEjMTGPkj/BgmIh4fKBIUPi0aEDgxFw0bLiEGFx8RQCk1+9a3n/vHEJuB5MDF1u7C4hATu7L9z6batK2i28HR582+vLcFEse5/ca74wDC4s7aBvsOEBkQEvIZFvsQB+3tAe32KRoD8vz1/wAS78r49vMzDgwHCQEDCOIX/hL5FNjN"}, "layer.bias_hh_l0": {"shape": [144], "scale": 0.0112995, "bytes": "/CxSHSz9HxwwOx4EIT0YGSINJQghBwsUGh8cGRYIUCERADQhJAktHBgFHS0INywyBtS1s/+xBq6B1b3O2uvT3Q0axrj3z7Dorred3sXi7cbNvLoMFsiuC8mx5wy13tXU7OMAHBweBuToM/XQ6dLuHevlFgEO8yTi4gPM3OzPCOQeFigPDOko7ekGIzAW/dTi"}, "head.weight": {"shape": [82, 48], "scale": 0.0194416, "bytes": "6Qr86hPbEfwK5ycR89z61/nrBsznDPnbE/smEDoe0Aga7gYPEDoF+BYN+Azm2xgz5BX90BUY/y40LtzhDxYV+BIZ9RTa/wEkBwbj+ekl/B76LPraFRTV8w34DQXOEeDrLNo5K/QHBxewF8j6LwYB3PAKLR0K2dYAy/5W9d9Gvvb4FC4B/fDeAOcV4jQSC/fe/vgC4RLjCdZrE/ki1xnxEA0bPCVBBgIA9u4I4dMqzupY/SUZEQP/99DzGhIAEvvcBin+ttgOEec8CvBL97br5977FxvLJwIG8SE2BcYu9Ask8+3RzOnUwQDgE/C0t/DU5wbt8fYQ2gYr4zX++CT6FizvAiDB3fUrIRcfKMj30+PQ4/rx2tgBJ0/8+gISACHc5wdBHffn+AOY3usBE+ke4SPTJTULD9Dn5xJn7uI37OooFQjyAwAaANP5/BMVyTDrv/P87wkE+wgs5P4RKT7uCQvjEzYjyxrzFtwfEc8P38vuD+44/SICG8YXCxoG4QHh1Azy0Nox6xcR4+QRPwYF9PD76x8p+gXpJ/QOIvkT4fXY9vHS9gn1AeANLRL17BTyCkMXIQTfB/7xAhrQBtoK/A/enPvtJ+E2ANrz+8EDDka/IQf92+TbGTUWBwrWBesOFQD/Ds0XDDDRCALlLANOHgIQyBzoEtIzKyXzNyj7+PAh5TQR+RAJCA/67u/8E/km6RoI4RDhFPLzWhABHOMH0OnJK+S+DtsnF8j/BSn4GjvQ6NsFDeUS4f8CAcO5JgEu49ESIg/XBv8AyR/yQjgJFgXDLvoLG/M6Esjr1Sr8BkHoD/wAG/QgGRvxBBTrIes5DkIG0Ajz7BFGJfC5Dygi/fRIterVJDBHIwLq/AAWGeID/fYF5ODxI/A49PcUHeHT6hr6LR/2BjX7Dx/Z+QHiGwY6Gxv1AMULGS/x7hX1E+MXBbwEEMrv6QHUBuzbCwIrQiUkJgL/Cw3GGvMDGuEc1e8qHNQT1ewJ8Q0y+PYkFhTuLA8A/dgD+sTs3NwrK/Xu7Q/h4uXcF/cAPPAOJ/75Eg5M/e/M5DziQ+v7KSgaDPXX8dQGHc/6rhrlG9k4IgIl6en+yh3+8NY6GcceGjQqKPdMKN0U4SAbCgoE8QspJQZD/Rv62N8NBE4NCDFHKBf14A7StxT85BcLJ84jABkBDPUO8uQD8hMjAPMcNOVLKAAG8gf17ekI4jbu9efwzRXzE1ggxg0jAw0g/iHa6yTq8RDRseHdNho+7Bfx17AB+hjNNSr/0vUYEQxD9AYSB+YS7wz6MAAaFQEV7iIJ55gIGy7y9C3G3vrjHwsmCk/52wQT7v7pENfuIjn60fvi4RZYCf0uKN0SC0DzDNvTOQ8X/QHYwhnp8NEk6hrhHjwD8+Qq8xAK/jQEDTUaCvcjGusNe//m6PXYBAwvnxcfQaQZ6PPJCOXpDeUnxv7REzP/FhEd4wTnHuf2Dg8L2ivAKykbJdsrBvkMACWr9usQ3vMm/g8k9e8b6a324E334/r44RImDh0sAejd9+oHr+8eIuTeERz0w/3sB+YBJiMKFPfm5vmnKdoGHNDvsArxOgfeAxPc+N8OABwb5gz1IMgtH/QhAcw21RHuAOEtADEe2zLhHtfOFewyANouiTHUxv6/EA/p+BsRBCEG5Skt/PAq9+LyHhn6xfUWBvwp2kMe+B7tEOojDN0K+uAznxM88QfoCUzo0tzCFv7y7BsCERqxwBb4BiEE4AkZ+RMv4fK7JzoZHRMSwrbnPDEzIwX5GPz84OLnEkcA7RT1Eu0E9AnXDuW9FBftzg0dFwwg70r5AqIY8CoA5RG/2PflMfQRDcHz4wlN5P73FOL5MlHs9uzfDiio5AgNFOADChDsCg3tCwbuCPE+4iDp7sn0EzD2wA71Evj7IL/pJbmx+hG8+/rbBwEzbAvy7P/TBCEQtyoGmNgg2QtYB+TmByPOIQTkAz79GeQ46vfm/833/Q8L8SQ6JBQrODY0KTL9EhSs8/ND5dIH6B0KGwYJ2Ab0+/5v7esJCQLtNBAH5vziDbnPEvkt6BHtHPnk0ebyJewKMe0cFOjrCQgn4/ESHS+bCyfSMzdJH9rR+SsW6gsA++XhDM4hGCf89+AY6BztDecg7R4++0IRJCIbCs9HH2/XDd8fzAwlNdnxETYqERfuIfsTMwAiE9vXFwHAygrfAf4FoEMt7iXuBQQmEdgQIvkkGgs5yhIzFC/7+vnc/Crd/SsPLgq0turb/gPuKhcKBwAe7iEH/DL4B0Xv9yrU7AA+4PwhJvzw0BvL4fwBz90EIFP1vPjq6iEMSwgvE/P16Da72ezr+Pjq/wTw6xYc+KHt3scS//XluvwRJNfiGOPpD+cLrP3k1gng6gQFO/Tn++Qt2Acj5TPb6iTtCyk0AA3qFtHKDgbC0v0KBPoAAOcQLsQBvAOx4DQo7gYOO+MQ6+4k7e8l+7wEvvrq8BAFLAv0QRTB/vbG1QYJ1+Ka9eYS0O0L1PXK8TUyKA8HQfzcBRUqCti5CggrDPcSCvHoI/YVIRjiJu0c5hoB3wcACyQPBBoiBuz7J/j1EAsgO8/K5wS149/zIus0qe8GA/oq5BAN3ww17+knIPX0PQDoFgD0++LYOyf+GPjh+e799ezu9fEsQ7Ei6v8P5+4UCN07HifyMPjv4t8p7w8kw//nMkMVADEiLvhDBvTo2+7K8wvH4fQPRbcM+ccQ6OIA7N7gHysLEPz4Cwc5/vX5yMnR4GAN9FMhJRDsvAvtA/4R8AAH8Arp2yIB/RUP9x4H4OIQGgURFxbm8QoI2/3l7gUA6hD5E/MC8wYC8Rf3Qvk0A8/p8ia0wNnq3fD30Ofp3hgB67zvv/AqAvb12gQgARP86bTTCegV6e352c4JIOktEPLz/+MQvftC0zH6MP3r3BciMjv6/iTn8NsDAvPzDf4B/NMLC9kIwP4O6PfhKwUPJtI21wUW5vAv4wruIuju+RPQLxj/IQjnG/H83fvkFczd+7ga6fYOtvIF9/3s8fwbFfHPFf/VzvjoKusa2fn33xUjCgfzJ/YeufshHSPzHeHQ/+P+De3mBv0u7CT26QPe5/TkziAP3PLZTAsm4gPvAAAdHQTRGPMkGP062DTo2/Te9mgNCeADCQMi8v4E8AvQ2+Hf1y7+0O4CSxg24AcE8/8b/uryMOwPH/U95Tvn5/zY7GcCCd4AEwQi8vkA5yr80AQN7uIZADW1Gxr6+P39mBrC7iE2HxDx4cET5AHLHgH07OvoKuLaDwDjE/IiCxARMAkHBz/IESXRCgf9EAga2gn2E80YCB33Ih7qHNIb0/n0ABoQDh9QB/zmGOQr/RINvQ4IANv/Ey8HGO7v6vjgK9vt+wfl+QHjEwnvDhLHB6oP+g8P0Pa+C+D8FfA6+OAr6PcRA/H+GDgJJUj9FvnuDQ0N2ifw0PXf0/Ly+AXW9+EF8BQVIUG+9QUQFuwkxEsCzfr00fMBBQW+IS8XAwXppc74KBEq3hb9SvsO7OTfCBf1vvXlTx/J0uvxGe3e8SIkCNgsBDnvBin6OPfoBPP2AD3ztdA6+Rrh9Db8JvEw8/4G2tff8hn8BgLbGgok8vky0R0I/uHlEgUCKtEI+QPr0sAV+Pva8A3fTDPgDv31H/cGCdUtyg29A+cJCuoE4twhGBUE9u8GFAUYKzcL6wT93M0g8Bjx6SXkGx3bBucVLSb2vvgGFUrC8R03A+oQ/lEq7RkK8fUoB+rK3Sb8EQcfzvzUMPkj5AjdFrPt+RTLQAfvF+bMKxvQFeTN/uX//Q8HFq8mDwD1GiTwIBAXEv8MAEX7H98aFC3oHiXxDOYv3d0KE+AjCSQZ7e62GvQpQAXw5fbZExII1TgL74UUFwke9uKt9xo6FgQIGt3XAw+96wMNGu3/5Bz6pvLq6h8nQ+ElIxIcDyOh7esh1OsC2w8W+wAS59AC1e8wBePT6QkXLxYGCQ/YHusR69wBFvHhABIS1Src+fr4LfoUPOTh9hASFNztQurcys7XTtcLNPLjBMkV/bfr4QvVFLf6JxIh8s03Ajvd/uQYIvRZ/FXsIxcnGes+M/v8wuoQHOTpMe4bBRoeAeUHJxr5AfDxGeUEMBEBC/f76P4iSdks0iDQ+wMiBegQPPsI/t8aL/QEEwbr4QMF5PTU6h7n6unlvw3r8Q0W+fP5JC4TEfWn1QQX9SgHDQn3+e8KVzHr8/Q09BYY0CLm9zXhAhf98/rv6/EDuQ7x8fXkCRIR2ysQ8qUJgQQx/PLKCewkNAgfG+bsJRLI7/wFFfrv8hn+NPwUJhLoETX7LA7aGvbO/+PYIdtB3e8m/+8K5g8e/PAu8fQY6BHEHRL4Ayju7+H4FOggHxfywcgOCf70CPlDMtgC9gYTHgInHeIRJdwRUw4l8u8wIP0A6BAF4vfz8xD0JA8Z9BnprBLb0fzg2uoYMwYg8ggICRIiD+bwFu4nUwY1BRlPFALv3f4E9BH89CnlCvD40CjuBDP/6wAF+AMJCyLSCQfz5vXplDbc/gAd7uQLw94CPzvkGxb74PvrKwsP3PbiCPAnHf/xCuMXAjbBDQjlFPogF+gH0QcOWdrrHR8DOhb7DQEb4DAM7kgB8hMZCej9Et8S/f/YyewyJOoKPhoAKf7k9u7hI+bqHObmBeTlzib6EWDY7skPDDIX6AYT7NzoGQYm5ubqJ+gpB+X1wC3wLT/zG+3iNQkUBfbp9vrkzSXnE1fS4+0FBEEGGxv7GRjlKvU2AED3+jM8/ghd0TDa0jYcNiYKyjLB/DFuPDsCJRncwNrS9SsW7OT4FSAFGgnrHBfHJQrk3N4hEAMW6NANANgZyvwK8y3GJgjxH/oaCuXK5wkU7AhS/s/3A275AfIFAx5I8wMJJR/7/FYBGTLcCPDwBgIB7BTk7L/3Eyru3jXuEdEZEc4GAvzL/v/7C/zHFfAmMgVQKNnyCAmTF+n+rPQFvd7jFCUEB9j23is699Mb4uIE+R8Izvz0/O4f9hoFFfXo7QLZzBQVFvIBSvQJNgb/CeDtAujUzRnAJyr8FTb6/NvX8eQGHvUJ8Pb2EOcsHQge/dgUCiIl+s9A8xo86D72R+UG/xJa7C0IJRvcDh/QAtwU7PYTDu4e/O0fMSQAJgjJFQvfENFHEBEVtQdE+hDKP90nAg7jChorPAsb+u/X7yjY6bTV+AnyzhUUDCPXrR7J6euXK/wfA+6+J+Ch9cTzEAXtCvb+0x3r9Mi73v30SgURGgz4FgonBMH/9ggi8PHq"}, "head.bias": {"shape": [82], "scale": 0.005669, "bytes": "AQArHBbCHer/1fAO+AYBCOQr9SLRIIz2CDjXFKP1jQEgVNDlDPvt/x0GB/o0B+Lwyvb48gEE1+Xt0uITtOwpLPXe1eDg89XcBA4ogQpn+GYL7Q=="}}};
const START = { genre: "waltz", other: "blues", share: 0, temperature: 0.7, seed: 1 };
/* Bar in sixths of a beat, beats a minute; as in rnncourse.datasets.tunes. */
const GENRES = {
  waltz: { bar: 18, tempo: 150 }, march: { bar: 24, tempo: 112 },
  blues: { bar: 24, tempo: 96 }, lullaby: { bar: 18, tempo: 104 },
};
const NAMES = Object.keys(GENRES);
const LETTERS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"];

// ---------------------------------------------------------- the network

const known = {};
function weight(name) {
  if (!known[name]) {
    const { shape, scale, bytes } = WEIGHTS.arrays[name];
    const raw = Int8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    known[name] = { values: Float64Array.from(raw, (n) => n * scale), rows: shape[0], cols: shape[1] || 1 };
  }
  return known[name];
}

/* W x + b, with W stored row by row. */
function dense(w, b, x) {
  const { values, rows, cols } = weight(w), out = Float64Array.from(weight(b).values);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) out[i] += values[i * cols + j] * x[j];
  return out;
}
const sigma = (a) => 1 / (1 + Math.exp(-a));

/* One step of the GRU, reset after the product; then a score for each note. */
function step({ note, v, h }) {
  const { values, cols } = weight("embed.weight");
  const x = [...values.slice(note * cols, (note + 1) * cols), ...v];
  const ax = dense("layer.weight_ih_l0", "layer.bias_ih_l0", x);
  const ah = dense("layer.weight_hh_l0", "layer.bias_hh_l0", h);
  const H = h.length;
  const next = Array.from(h, (old, k) => {
    const r = sigma(ax[k] + ah[k]), z = sigma(ax[H + k] + ah[H + k]);
    const n = Math.tanh(ax[2 * H + k] + r * ah[2 * H + k]);
    return (1 - z) * n + z * old;
  });
  return { h: next, scores: Array.from(dense("head.weight", "head.bias", next)) };
}
const first = ({ v }) => Array.from(dense("start.weight", "start.bias", v), Math.tanh); // (15.1)

function softmax(scores, temperature) {
  const top = Math.max(...scores);
  const e = scores.map((s) => Math.exp((s - top) / temperature));
  const sum = e.reduce((a, b) => a + b);
  return e.map((p) => p / sum);
}

/* Even numbers from 0 to 1, the same for the same seed. */
function dice(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const context = ({ genre, other, share }) =>
  NAMES.map((name) => (name === genre ? 1 - share : 0) + (name === other ? share : 0));

/* Write until the end: each note drawn is the next input, (15.4). */
function compose(what) {
  const v = context(what), roll = dice(what.seed), tune = [];
  let note = 0, h = first({ v });
  for (let t = 0; t < 32; t++) {
    const said = step({ note, v, h });
    const p = softmax(said.scores, what.temperature);
    let u = roll();
    note = 0;
    while (note < p.length - 1 && (u -= p[note]) >= 0) note++;
    if (note === 0) break;
    tune.push(WEIGHTS.notes[note]);
    h = said.h;
  }
  return tune;
}

// ------------------------------------------------------------ the sound

function midi(pitch) {
  return 12 * (Number(pitch.slice(-1)) + 1) + LETTERS.indexOf(pitch.slice(0, -1));
}
const frequency = (n) => 440 * 2 ** ((n - 69) / 12); // (15.13)

/* Notes with start and length in beats, and where the bars end. */
function score(tune) {
  const notes = [], bars = [];
  let at = 0;
  for (const word of tune) {
    if (word === "|") {
      bars.push(at / 6);
      continue;
    }
    const [pitch, length] = word.split(":");
    notes.push({ pitch, n: midi(pitch), hertz: frequency(midi(pitch)), start: at / 6, beats: length / 6 });
    at += Number(length);
  }
  return { notes, bars, beats: at / 6 };
}

const tempo = ({ genre, other, share }) => GENRES[genre].tempo * (1 - share) + GENRES[other].tempo * share;

/* Plan every note at once on the audio clock; returns a way to stop it. */
function sound(Audio, notes, second) {
  const audio = new Audio();
  audio.resume();
  const begin = audio.currentTime + 0.08;
  for (const { hertz, start, beats } of notes) {
    const on = begin + start * second, off = on + beats * second * 0.92;
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.type = "triangle";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, on);
    volume.gain.linearRampToValueAtTime(0.22, on + 0.015);
    volume.gain.setTargetAtTime(0.0001, on + 0.03, (off - on) / 2);
    tone.connect(volume).connect(audio.destination);
    tone.start(on);
    tone.stop(off + 0.05);
  }
  return () => audio.close();
}

// ----------------------------------------------------------- the figure

function draw(F, root, params) {
  const { num, rich } = F;
  const what = { ...START, seed: Math.round(F.clamp(params.seed, START.seed, 1, 1e6)) };
  let tune, made, playing = null, now = -1;

  const options = NAMES.map((name) => [name, name]);
  const genre = F.choice("Genre", options, what.genre, (value) => change({ genre: value }));
  const other = F.choice("mixed with", options, what.other, (value) => change({ other: value }));
  F.add(root, "row", genre.el, other.el);
  const play = F.button("Play", () => (playing ? stop() : begin()));
  const again = F.button("New tune", () => change({ seed: what.seed + 1 }));
  F.add(root, "row", play, again);
  F.keep("tune", () => what.seed, (v) => change({ seed: Math.round(F.clamp(Number(v), what.seed, 1, 1e6)) }));
  const redraw = F.stage(root, "The tune: pitch upwards, time to the right", paint);
  const panel = F.panel(root);
  const share = F.slider({
    label: "share of the second", min: 0, max: 1, step: 0.05, value: what.share, role: "gate",
    on: (value) => change({ share: value }),
  });
  const heat = F.slider({
    label: "temperature", min: 0.1, max: 2, step: 0.05, value: what.temperature, role: "neutral",
    on: (value) => change({ temperature: value }),
  });
  F.add(root, "controls", share.el, heat.el);
  const say = F.live(root);

  function change(more) {
    stop();
    Object.assign(what, more);
    tune = compose(what);
    made = score(tune);
    write();
  }

  function begin() {
    const Audio = window.AudioContext || window.webkitAudioContext;
    const second = 60 / tempo(what);
    const silence = Audio ? sound(Audio, made.notes, second) : () => {};
    const timers = made.notes.map(({ start }, k) => setTimeout(() => show(k), 80 + 1000 * start * second));
    timers.push(setTimeout(stop, 250 + 1000 * made.beats * second));
    playing = { silence, timers };
    play.textContent = "Stop";
    write(Audio ? "" : "This browser has no audio; follow the notes instead.");
  }
  function stop() {
    if (!playing) return;
    playing.timers.forEach(clearTimeout);
    playing.silence();
    playing = null;
    play.textContent = "Play";
    show(-1);
  }
  function show(k) {
    now = k;
    redraw();
  }

  function paint(pen, width) {
    const left = 34, right = width - 6, top = 14, bottom = 176;
    const low = 55, high = 77, beats = Math.max(made.beats, 1);
    const x = (beat) => left + (beat / beats) * (right - left);
    const y = (n) => bottom - ((n - low) / (high - low)) * (bottom - top);
    for (const pitch of ["G3", "C4", "G4", "C5"]) {
      pen.line(pitch, left, y(midi(pitch)), right, y(midi(pitch)), { class: "s-neutral", thick: 1, opacity: 0.35 });
      pen.text(pitch + "t", left - 6, y(midi(pitch)) + 4, pitch, { class: "end mute" });
    }
    made.bars.forEach((bar, k) =>
      pen.line("bar" + k, x(bar), top - 6, x(bar), bottom + 6, { class: "s-neutral", thick: 1 }));
    made.notes.forEach(({ n, start, beats: long }, k) =>
      pen.rect("note" + k, x(start) + 1, y(n) - 5, Math.max(2, x(start + long) - x(start) - 3), 10,
        { class: k === now ? "f-gradient" : "f-output", rx: 3 }));
    pen.text("axis", right, bottom + 24, `${num(made.beats, 1)} beats`, { class: "end mute" });
    return bottom + 32;
  }

  function write(note = "") {
    const v = context(what).map((part) => num(part)).join(", ");
    const want = GENRES[what.genre].bar / 6;
    const ends = [0, ...made.bars], sizes = made.bars.map((bar, k) => bar - ends[k]);
    const held = sizes.length === 4 && sizes.every((size) => size === want);
    const lines = [
      `[gate:v] = (${v}) for ${NAMES.join(", ")}. Tune ${what.seed}, ${made.notes.length} notes.`,
      `Bars of ${sizes.map((size) => num(size, Number.isInteger(size) ? 0 : 1)).join(", ") || "nothing"} beats; a ${what.genre} has four of ${want}: ${held ? "kept" : "not kept"}.`,
      `<code>${tune.map((word) => word.replace("|", "&#124;")).join(" ")}</code>`,
    ];
    if (note) lines.push(note);
    panel.innerHTML = lines.map((line, k) => `<p>${k === 2 ? line : rich(line)}</p>`).join("");
    say(`${lines[0]} ${lines[1]} ${note}`);
    redraw();
  }
  change({});
}

if (typeof module !== "undefined")
  module.exports = { step, first, compose, score, frequency, context, WEIGHTS, START, GENRES };
else (window.rnnFigures = window.rnnFigures || {})["genre-player"] = draw;
})();
